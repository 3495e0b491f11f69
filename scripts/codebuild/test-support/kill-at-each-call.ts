import type { FaultProxy } from './fault-proxy';
import type { Running } from './script';

/**
 * Runs a script once, and then again for each of the calls of AWS that it made, and kills it there, while AWS has the
 * call and has not answered.
 *
 * @param prepare makes a place of its own for a run
 * @param start starts the script there
 * @param check says whether the next run puts right what is left
 * @returns the calls at which it was killed, by their action
 */
export async function killAtEachCall<Place>(
  proxy: FaultProxy,
  prepare: () => Promise<Place>,
  start: (place: Place) => Running,
  check: (place: Place, at: string) => Promise<void>,
): Promise<readonly string[]> {
  const whole = await prepare();
  proxy.reset();
  const { code, stderr } = await start(whole).result;
  if (code !== 0) {
    throw new Error(`The run that nobody kills has failed:\n${stderr}`);
  }
  const killed: string[] = [];
  const actions = proxy.calls.map(({ action }) => action);
  for (const [index, action] of actions.entries()) {
    const number = actions.slice(0, index + 1).filter((one) => one === action).length;
    const place = await prepare();
    proxy.reset();
    const hold = proxy.hold({ action, calls: [number] });
    const running = start(place);
    // How often a waiter asks differs from run to run.
    const isThere = await Promise.race([hold.arrived(1).then(() => true), running.result.then(() => false)]);
    if (isThere) {
      running.kill();
      await running.result;
      killed.push(action);
    }
    proxy.reset();
    await check(place, `${action} ${number}`);
  }
  return killed;
}
