import { type AccountView, type ExpectedStack, expectedResources } from '../account-view';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

export const subscriptions: Check = {
  name: 'subscriptions',
  asks: 'has everybody who is to be told confirmed the subscription?',
  run: async (view) => {
    const existing = (await view.existing()).filter(
      (expected) => expectedResources(expected, 'AWS::SNS::Subscription').length > 0,
    );
    if (existing.length === 0) {
      return [notApplicable('no stack that subscribes somebody exists here')];
    }
    return orOk(await ofEach(existing, (expected) => look(view, expected)), 'all are confirmed');
  },
};

interface Subscription {
  /** `PendingConfirmation` until somebody has confirmed. */
  readonly SubscriptionArn: string;
  readonly Protocol: string;
  readonly Endpoint: string;
}

async function look(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const topics = await view.resources(expected, 'AWS::SNS::Topic');
  return ofEach(topics, async ({ LogicalResourceId, PhysicalResourceId: TopicArn = '' }) => {
    const { Subscriptions } = await view.call<{ Subscriptions: Subscription[] }>('sns', 'list-subscriptions-by-topic', {
      TopicArn,
    });
    const topic = TopicArn.split(':').at(-1);
    const { ids } = expected.resolved.resources.get(LogicalResourceId) ?? {};
    const wanted = expectedResources(expected, 'AWS::SNS::Subscription').filter(
      ({ properties }) => properties.TopicArn === ids?.ref,
    );
    const subscribe = (protocol: string, endpoint: string) =>
      view.command(
        'sns',
        'subscribe',
        '--topic-arn',
        TopicArn,
        '--protocol',
        protocol,
        '--notification-endpoint',
        endpoint,
      );
    return [
      ...Subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn === 'PendingConfirmation').map(
        ({ Protocol, Endpoint }) =>
          problem(
            `${Endpoint} has not confirmed the subscription of ${topic}`,
            `confirm it with the link of AWS's mail; for another mail: ${subscribe(Protocol, Endpoint)}`,
          ),
      ),
      // Whoever follows the link of any message to unsubscribe is gone without a trace.
      ...wanted
        .filter(({ properties }) => !Subscriptions.some(({ Endpoint }) => Endpoint === properties.Endpoint))
        .map(({ properties: { Protocol, Endpoint } }) =>
          problem(`${Endpoint} is not subscribed to ${topic}`, subscribe(String(Protocol), String(Endpoint))),
        ),
    ];
  });
}
