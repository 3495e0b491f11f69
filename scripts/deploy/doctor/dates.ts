/** A time as the AWS CLI prints it: seconds since 1970 (version 1, some services) or ISO 8601. */
export function dateOf(time: string | number): Date {
  return new Date(typeof time === 'number' ? time * 1000 : time);
}
