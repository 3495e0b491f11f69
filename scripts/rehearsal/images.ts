import type { Cloud } from './cloud';

/** An image that was pushed under a tag. */
export interface PushedImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

interface Repositories {
  readonly repositories: readonly { readonly repositoryName: string }[];
}

interface Images {
  readonly imageDetails: readonly {
    readonly imageDigest: string;
    readonly imageTags?: readonly string[];
    readonly imagePushedAt: string;
  }[];
}

/** Sees what is pushed to the image repositories of the tooling account. */
export class ImageWatch {
  /** Digests by repository and tag. */
  private readonly seen = new Map<string, string>();

  constructor(private readonly cloud: Cloud) {}

  /** Whether any image was there at the last look. */
  get any(): boolean {
    return this.seen.size > 0;
  }

  /** What has been pushed since the last look; `latest` comes last, as build-image.sh pushes it. */
  async changes(): Promise<PushedImage[]> {
    const { emulator } = this.cloud;
    const { repositories } = await emulator.call<Repositories>('tooling', 'ecr', 'DescribeRepositories');
    const changes: PushedImage[] = [];
    for (const { repositoryName: repository } of repositories) {
      const { imageDetails } = await emulator.call<Images>('tooling', 'ecr', 'DescribeImages', {
        repositoryName: repository,
      });
      for (const { imageDigest: digest, imageTags = [] } of imageDetails) {
        for (const tag of imageTags) {
          const name = `${repository}:${tag}`;
          if (this.seen.get(name) !== digest) {
            this.seen.set(name, digest);
            changes.push({ repository, tag, digest });
          }
        }
      }
    }
    return changes.sort((a, b) => Number(a.tag === 'latest') - Number(b.tag === 'latest'));
  }
}
