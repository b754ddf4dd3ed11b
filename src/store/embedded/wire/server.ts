import { createServer, type Server, type Socket } from 'node:net';
import { MalformedBson } from '../bson/decode.js';
import { commandTable, runCommand } from '../commands/registry.js';
import type { Command, Reply } from '../commands/types.js';
import type { Engine } from '../engine/engine.js';
import { CommandError, codes } from '../errors.js';
import { FrameReader, MalformedFrame, parseFrame, replyFrame, type Message } from './frames.js';

/** Requests of one connection that may wait; the driver has one in flight, so more is not the driver. */
const MAX_WAITING = 1000;

export interface WireServerOptions {
  engine: Engine;
  /** null lets everyone in. */
  secret: string | null;
  /** Told about errors that are nobody's request. */
  onInternalError: (error: unknown, command: string) => void;
}

/** Speaks the protocol on a listening socket. Each connection's requests are answered in their order. */
export class WireServer {
  private readonly server: Server;
  private readonly sockets = new Map<Socket, { busy: boolean }>();
  private readonly table: ReadonlyMap<string, Command>;
  private lastConnection = 0;
  private stopping = false;

  constructor(private readonly options: WireServerOptions) {
    this.table = commandTable(options.secret);
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.removeListener('error', reject);
        const address = this.server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Takes no new work, lets running commands answer, and closes. */
  async stop(): Promise<void> {
    this.stopping = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const [socket, { busy }] of this.sockets) if (!busy) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    const { engine } = this.options;
    const state = { busy: false };
    const session = { connectionId: ++this.lastConnection, authenticated: this.options.secret === null };
    const reader = new FrameReader();
    const waiting: Message[] = [];
    this.sockets.set(socket, state);
    engine.count('connections');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      engine.count('connections', -1);
    });
    const work = async (): Promise<void> => {
      if (state.busy) return;
      state.busy = true;
      while (waiting.length > 0 && !socket.destroyed) {
        const message = waiting.shift()!;
        const reply = await this.answer(message, session);
        if (!message.silent && !socket.destroyed) socket.write(replyFrame(message, reply));
        if (this.stopping) {
          socket.end();
          break;
        }
      }
      state.busy = false;
    };
    socket.on('data', (piece) => {
      try {
        reader.push(piece);
        for (let frame = reader.next(); frame; frame = reader.next()) waiting.push(parseFrame(frame));
        if (waiting.length > MAX_WAITING) throw new MalformedFrame('too many requests at once');
      } catch (error) {
        if (!(error instanceof MalformedFrame)) this.options.onInternalError(error, 'frame');
        engine.count('malformedFrames');
        socket.destroy();
        return;
      }
      void work();
    });
  }

  private async answer(message: Message, session: { connectionId: number; authenticated: boolean }): Promise<Reply> {
    const { body, db, sequences } = message;
    const command = Object.keys(body)[0] ?? '';
    try {
      const reply = await runCommand(this.table, {
        engine: this.options.engine,
        session,
        db,
        command,
        body,
        sequences,
      });
      return { ...reply, ok: 1 };
    } catch (error) {
      return this.failure(error, command);
    }
  }

  private failure(error: unknown, command: string): Reply {
    if (error instanceof CommandError) {
      return { ok: 0, errmsg: error.message, code: error.code, codeName: error.codeName, ...error.details };
    }
    if (error instanceof MalformedBson) {
      return { ok: 0, errmsg: `invalid BSON: ${error.message}`, code: 22, codeName: 'InvalidBSON' };
    }
    this.options.onInternalError(error, command);
    const message = error instanceof Error ? error.message : String(error);
    return {
      ok: 0,
      errmsg: `The embedded store failed: ${message}`,
      code: codes.InternalError,
      codeName: 'InternalError',
    };
  }
}
