import { isMap, maps, text } from '../../lib/template/nodes';
import type { Rule } from '../rule';

/** Providers whose action polls unless it is told not to; the others have no such setting. */
const polling = ['CodeCommit', 'GitHub', 'S3'];

/** No scanner reports a source action that polls. */
export const pipelinesDoNotPoll: Rule = {
  id: 'pipelines-do-not-poll',
  severity: 'error',
  why: 'PollForSourceChanges is true unless it is set: beside the event rule, every commit would run the pipeline twice.',
  fix: "Set PollForSourceChanges: 'false' in the configuration of the source action.",
  check: ({ document }) =>
    Object.entries(document.Resources)
      .filter(([, { Type }]) => Type === 'AWS::CodePipeline::Pipeline')
      .flatMap(([id, { Properties }]) =>
        maps(Properties?.Stages).flatMap((stage, stageIndex) =>
          maps(stage.Actions).flatMap((action, actionIndex) => {
            const actionType = isMap(action.ActionTypeId) ? action.ActionTypeId : {};
            const provider = text(actionType.Provider);
            const configuration = isMap(action.Configuration) ? action.Configuration : {};
            const polls =
              text(actionType.Category) === 'Source' &&
              polling.includes(provider) &&
              text(configuration.PollForSourceChanges) !== 'false';
            return polls
              ? [
                  {
                    path: ['Resources', id, 'Properties', 'Stages', stageIndex, 'Actions', actionIndex],
                    message: `the source action ${text(action.Name)} polls ${provider}`,
                  },
                ]
              : [];
          }),
        ),
      ),
};
