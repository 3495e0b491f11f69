import '../lib/unread-output';
import { readFileSync } from 'node:fs';

/** Why nobody can say whose account it is. */
export interface IdentityFailure {
  /** To stand after "found": `no profile of that name`. */
  readonly found: string;
  readonly whatToDo: string;
  /** Whether other credentials would help: else they may be right, and were not asked about. */
  readonly ofCredentials: boolean;
}

/**
 * What the AWS CLI says when `sts get-caller-identity` fails, from the specific to the general: its own words are those of
 * botocore/exceptions.py and botocore/tokens.py, the codes those of AWS ("Common error types" of the STS API Reference).
 */
const causes: readonly {
  readonly said: RegExp;
  readonly found: string;
  readonly whatToDo: (again: string, login: string) => string;
  readonly ofCredentials?: false;
}[] = [
  {
    said: /Unable to parse config file/i,
    found: 'a configuration of the AWS CLI that cannot be read',
    whatToDo: () => 'Correct the file that is named there.',
  },
  {
    said: /config profile \(.*\) could not be found/i,
    found: 'nothing',
    whatToDo: (again) => `${again}, or make it with aws configure; AWS_CONFIG_FILE may name another file.`,
  },
  {
    said: /source_profile ".*" referenced in the profile|Infinite loop in credential configuration|credential_source.* (?:not|un)supported/i,
    found: 'a profile that builds on another one, which is not there',
    whatToDo: () => 'Correct source_profile of the profile that is named there.',
  },
  {
    said: /doesn't match a supported format|Invalid endpoint|Bad value for --endpoint-url|Invalid host label/i,
    found: 'no Region or endpoint of that name',
    whatToDo: () => 'Correct the Region in the parameter files (npm run configure), or AWS_ENDPOINT_URL.',
    ofCredentials: false,
  },
  {
    said: /RequestTimeTooSkewed|Signature (?:expired|not yet current)|RequestExpired/i,
    found: 'a clock that AWS does not agree with',
    whatToDo: () => 'Set the clock of this machine: date -u shows it.',
    ofCredentials: false,
  },
  {
    said: /Error loading SSO Token|SSO session associated|Token for .* does not exist|Error when retrieving token from|\(UnauthorizedException\) when calling the GetRoleCredentials/i,
    found: 'no session of IAM Identity Center (SSO) that is still good',
    whatToDo: (_, login) => `Log in: aws sso login${login}`,
  },
  {
    said: /\(ForbiddenException\) when calling the GetRoleCredentials/i,
    found: 'a permission set of IAM Identity Center that is not yours in this account',
    whatToDo: (again) => `Have it assigned to you, or ${lowered(again)}.`,
  },
  {
    said: /reauthenticate using 'aws login/i,
    found: 'no session that is still good',
    whatToDo: (_, login) => `Log in: aws login${login}`,
  },
  {
    said: /ExpiredToken|token.*expired|session.*expired|credentials.*expired/i,
    found: 'a session that has expired',
    whatToDo: () => 'Log in again; of credentials in variables of the environment, set new ones.',
  },
  {
    said: /MultiFactorAuthentication|MFA code/i,
    found: 'a profile that asks for a code, which could not be given or was refused',
    whatToDo: (again, login) => `Get a session first: aws sts get-caller-identity${login}. Or ${lowered(again)}.`,
  },
  {
    said: /(?:AccessDenied|not authorized).*AssumeRole|AssumeRole.*(?:AccessDenied|not authorized)/is,
    found: 'a role that must not be assumed',
    whatToDo: () => "Correct role_arn and source_profile of the profile, or have the role's trust policy admit you.",
  },
  {
    said: /AccessDenied|not authorized/i,
    found: 'a refusal of the question itself',
    // API Reference, GetCallerIdentity: no permission is needed, and a denial in a policy of the caller changes nothing.
    whatToDo: () => 'No policy of yours can refuse it. Look for a policy of a VPC endpoint or of the organization.',
    ofCredentials: false,
  },
  {
    said: /Throttling|Rate exceeded|TooManyRequests|RequestLimitExceeded|SlowDown/i,
    found: 'AWS asking for fewer calls',
    whatToDo: () => 'Run this again in a minute.',
    ofCredentials: false,
  },
  {
    said: /SignatureDoesNotMatch|InvalidSignature|IncompleteSignature/i,
    found: 'a secret key that does not belong to its access key',
    whatToDo: (again) => `Set both again (aws configure), or ${lowered(again)}.`,
  },
  {
    said: /InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|AuthFailure|security token .* is invalid/i,
    found: 'an access key that AWS does not know here',
    whatToDo: (again) =>
      `${again}. It was deactivated or deleted, or is of another partition, or its account has not enabled the Region.`,
  },
  {
    said: /Partial credentials/i,
    found: 'half of the credentials',
    whatToDo: () => 'Add what is missing, where it says.',
  },
  {
    said: /Error when retrieving credentials from/i,
    found: 'a source of credentials that failed',
    whatToDo: () => 'Run by hand what the profile names as its source (credential_process), and see what it says.',
  },
  {
    said: /Unable to locate credentials|NoCredentials/i,
    found: 'no credentials',
    whatToDo: (again) => `${again}.`,
  },
  {
    said: /proxy URL|ProxyError|Proxy Authentication|tunnel connection failed/i,
    found: 'a proxy that does not answer as one',
    whatToDo: () => 'Correct HTTPS_PROXY, or name what needs no proxy in NO_PROXY.',
    ofCredentials: false,
  },
  {
    said: /SSL validation failed|CERTIFICATE_VERIFY_FAILED/i,
    found: 'a certificate that the AWS CLI does not trust',
    whatToDo: () =>
      "Where a company's proxy opens connections, name its certificates in AWS_CA_BUNDLE; else find out who answers there.",
    ofCredentials: false,
  },
  {
    said: /Could not connect to the endpoint|timeout on endpoint|Connection was closed|timed out|connection refused|Name or service not known/i,
    found: 'no connection to AWS',
    whatToDo: () => 'Look at the network, the VPN, the Region in the parameter files and AWS_ENDPOINT_URL.',
    ofCredentials: false,
  },
  {
    said: /ServiceUnavailable|InternalFailure|InternalError|\((?:500|502|503|504)\)/i,
    found: 'AWS in trouble, or a proxy before it',
    whatToDo: () => 'Run this again in a few minutes.',
    ofCredentials: false,
  },
  {
    said: /command not found|ENOENT|No module named|Invalid choice|Unknown options|bad interpreter/i,
    found: 'an AWS CLI that does not work',
    whatToDo: () => 'Install it again; aws --version has to answer.',
    ofCredentials: false,
  },
];

/**
 * Tells why `aws sts get-caller-identity` failed.
 *
 * @param said the AWS CLI's words
 * @param account as the topology calls it
 * @param profile undefined: the credentials of the environment
 */
export function identityFailure(said: string, account: string, profile: string | undefined): IdentityFailure {
  const cause = causes.find((one) => one.said.test(said));
  return cause === undefined
    ? {
        found: 'no answer that tells the account',
        whatToDo: 'These are the words of the AWS CLI. Ask it yourself: aws sts get-caller-identity --debug',
        ofCredentials: false,
      }
    : {
        found: cause.found,
        whatToDo: cause.whatToDo(
          `Choose a profile with --profile ${account}=NAME`,
          profile === undefined ? '' : ` --profile ${profile}`,
        ),
        ofCredentials: cause.ofCredentials ?? true,
      };
}

const lowered = (text: string) => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

if (require.main === module) {
  const [said = '', account = '', profile = ''] = process.argv.slice(2);
  const { found, whatToDo, ofCredentials } = identityFailure(
    readFileSync(said, 'utf8'),
    account,
    profile === '' ? undefined : profile,
  );
  process.stdout.write(`${found}\n${whatToDo}\n${ofCredentials ? 'credentials' : ''}\n`);
}
