import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from './helpers.js';

/** A small file system of the test's own, in a mount namespace that lives as long as the process holding it. */
const NAMESPACE = ['-rm', 'sh', '-c'];
const mountable =
  process.platform === 'linux' &&
  spawnSync('unshare', [...NAMESPACE, 'mount -t tmpfs tmpfs /mnt'], { stdio: 'ignore' }).status === 0;

/** The path of a disk with so many MiB. */
export async function smallDisk(t: ExecutionContext, mebibytes: number): Promise<string> {
  const folder = await tempFolder(t);
  const script = `mount -t tmpfs -o size=${mebibytes}m tmpfs "$0" && echo ready && read end`;
  const holder = spawn('unshare', [...NAMESPACE, script, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(holder, 'exit');
  t.teardown(async () => {
    holder.stdin.end();
    await exited;
  });
  await once(holder.stdout, 'data');
  return join(`/proc/${holder.pid}/root`, folder);
}

export const onSmallDisk = mountable ? test : test.skip;
export const title = (text: string): string =>
  mountable ? text : `${text} (not run: this user may not mount a file system of its own)`;
