import { makeSample, type SampleParams } from '../../../src/sandbox/samples/index.js';
import { buildSampleParams } from './context.js';

const made = new Map<string, Promise<Buffer>>();

/** The bytes of a sample of the sandbox; each is made once a test file, so nobody may write into them. */
export async function sample(name: string, more: Partial<SampleParams> = {}): Promise<Buffer> {
  const key = JSON.stringify([name, more]);
  const bytes = made.get(key) ?? makeSample(name, buildSampleParams(more)).then((one) => one.bytes);
  made.set(key, bytes);
  return await bytes;
}
