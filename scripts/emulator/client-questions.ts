import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers what the emulator asks; see scripts/emulator/authorization.py. */
export type Answer = (question: string) => Promise<{ readonly denied?: string }>;

/** Where the emulator may ask. */
export interface QuestionServer {
  readonly port: number;
  close(): void;
}

/** Answers questions on the loopback interface. It does not keep the process alive. */
export async function answerQuestions(answer: Answer): Promise<QuestionServer> {
  const server = createServer((request, response) => {
    void read(request)
      .then(answer)
      .then(
        (result) => response.end(JSON.stringify(result)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  // The emulator keeps one connection, however long nobody calls anything.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
