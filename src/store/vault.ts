import mongoose, { type Connection } from 'mongoose';
import { NotFoundError, sha256, type FileId } from '../core/index.js';
import { isDuplicateKey } from './aggregate.js';

export interface VaultFile {
  id: FileId;
  sha256: string;
  bytes: number;
  name: string;
  mime: string;
}

/**
 * Files as received, on GridFS, never changed. The id is given by the caller (made from the event key), so that a
 * redelivered file is the same file and not a second one.
 */
export interface Vault {
  put(id: FileId, bytes: Uint8Array, about: { name: string; mime: string; at: Date }): Promise<VaultFile>;
  info(id: FileId): Promise<VaultFile | null>;
  read(id: FileId): Promise<Buffer>;
  remove(id: FileId): Promise<void>;
  /** Files received before then of which nobody has said `claim`, by id, from after `after` on. */
  unclaimed(before: Date, limit: number, after: FileId | null): Promise<FileId[]>;
  /** They belong to something that says how long they are kept. */
  claim(ids: readonly FileId[]): Promise<void>;
}

export function createVault(connection: Connection): Vault {
  const bucket = new mongoose.mongo.GridFSBucket(connection.db as never, { bucketName: 'vault' });
  const files = connection.collection('vault.files');
  const chunks = connection.collection('vault.chunks');

  async function info(id: FileId): Promise<VaultFile | null> {
    const found = await files.findOne({ _id: id });
    if (found === null) return null;
    const metadata = found['metadata'] as { sha256: string; mime: string };
    return {
      id,
      sha256: metadata.sha256,
      bytes: Number(found['length']),
      name: String(found['filename']),
      mime: metadata.mime,
    };
  }

  return {
    info,
    async put(id, bytes, about) {
      const existing = await info(id);
      if (existing !== null) return existing;
      // Chunks of an upload that died half way: the files entry is written last, so its absence means leftovers.
      await chunks.deleteMany({ files_id: id });
      const hash = sha256(bytes);
      const upload = bucket.openUploadStreamWithId(id as never, about.name, {
        metadata: { sha256: hash, mime: about.mime, at: about.at },
      });
      try {
        await new Promise<void>((resolve, reject) => {
          upload.once('finish', () => resolve());
          upload.once('error', reject);
          upload.end(Buffer.from(bytes));
        });
      } catch (error) {
        // Another try of the same came first: the same id is the same file.
        const first = isDuplicateKey(error) ? await info(id) : null;
        if (first === null) throw error;
        return first;
      }
      return { id, sha256: hash, bytes: bytes.byteLength, name: about.name, mime: about.mime };
    },
    async read(id) {
      if ((await info(id)) === null) throw new NotFoundError('vault.missing', `no file ${id}`);
      const parts: Buffer[] = [];
      for await (const part of bucket.openDownloadStream(id as never)) parts.push(part as Buffer);
      return Buffer.concat(parts);
    },
    async unclaimed(before, limit, after) {
      const wanted = {
        'metadata.at': { $lt: before },
        'metadata.claimed': null,
        ...(after === null ? {} : { _id: { $gt: after } }),
      };
      const found = await files
        .find(wanted as never, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(({ _id }) => _id as unknown as FileId);
    },
    async claim(ids) {
      if (ids.length > 0)
        await files.updateMany({ _id: { $in: [...ids] } } as never, { $set: { 'metadata.claimed': true } });
    },
    async remove(id) {
      await files.deleteOne({ _id: id as never });
      await chunks.deleteMany({ files_id: id });
    },
  };
}
