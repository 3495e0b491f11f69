import { limits } from '../../templates-src/dsl';
import type { Emulator } from '../emulator/client';

/**
 * The parameter of CreateStack that holds a template, as `aws cloudformation deploy --s3-bucket` makes it: the text
 * itself, or the address of an object where CloudFormation refuses a text of that size.
 *
 * @param store - the account and the bucket that take large templates, and the Region of both
 */
export async function submitTemplate(
  emulator: Emulator,
  store: { readonly account: string; readonly bucket: string | undefined; readonly region: string },
  name: string,
  text: string,
): Promise<{ readonly TemplateBody: string } | { readonly TemplateURL: string }> {
  if (Buffer.byteLength(text) <= limits.templateBytes) {
    return { TemplateBody: text };
  }
  const { account, bucket, region } = store;
  const key = `templates/${name}`;
  await emulator.call(account, 's3', 'PutObject', { Bucket: bucket, Key: key, Body: text });
  return { TemplateURL: `https://${bucket}.s3.${region}.amazonaws.com/${key}` };
}
