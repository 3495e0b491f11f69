import { expect, test } from 'vitest';
import { linesOf } from './lines';

const yaml = `# comment
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub 'a-\${AWS::AccountId}'
      Tags:
        - Key: one
          Value: 1
        - {Key: two, Value: !Ref Two}
      Rules: [a, b]
      Text: |
        Resources:
          Bucket: no
  Topic:
    Type: AWS::SNS::Topic
`;
const lineOf = linesOf(yaml, 'example.yaml');

test.each([
  [['Resources'], 2],
  [['Resources', 'Bucket'], 3],
  [['Resources', 'Bucket', 'Properties', 'BucketName'], 6],
  [['Resources', 'Bucket', 'Properties', 'Tags', 0], 8],
  [['Resources', 'Bucket', 'Properties', 'Tags', 0, 'Value'], 9],
  [['Resources', 'Bucket', 'Properties', 'Tags', 1, 'Value'], 10],
  [['Resources', 'Bucket', 'Properties', 'Rules', 1], 11],
  [['Resources', 'Topic'], 15],
])('%o stands in line %i', (path, line) => {
  expect(lineOf(path)).toBe(line);
});

test('what is not there is looked for in what would hold it', () => {
  expect(lineOf(['Resources', 'Bucket', 'Properties', 'BucketName', 'Fn::Sub'])).toBe(6);
  expect(lineOf(['Resources', 'Topic', 'Metadata', 'suppressed'])).toBe(15);
  expect(lineOf(['Outputs', 'Name'])).toBe(1);
  expect(lineOf([])).toBe(1);
});
