import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallbackReceiver } from '../../../src/platforms/contract.js';

/** Our address for callbacks, as the app's own server stands before a receiver. */
export async function serveCallbacks(
  receiver: () => CallbackReceiver,
): Promise<{ url: string; close: () => Promise<void> }> {
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const query = Object.fromEntries(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams);
    const { method = '', headers } = request;
    const answer = await receiver()({ method, query, headers, body: Buffer.concat(chunks) });
    response.writeHead(answer.status, { 'content-type': answer.contentType });
    response.end(answer.body, () => void answer.written?.());
  }
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback/dingtalk`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
