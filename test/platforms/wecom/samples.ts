import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../src/core/index.js';

/** The protocol sheet's samples where it lies beside the project, else the copy in the fixtures. */
const beside = join(projectRoot, '../shared/protocols/wecom');
export const copied = join(projectRoot, 'test/fixtures/wecom');
export const folder = existsSync(beside) ? beside : copied;

export const sampleNames = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.xml') || name.endsWith('.json'))
    .sort();
export const sample = (name: string): string => readFileSync(join(folder, name), 'utf8');
export const jsonSample = <T = Record<string, unknown>>(name: string): T => JSON.parse(sample(`${name}.json`)) as T;

/** Company and times that the samples are written for. */
export const SAMPLE_CORP = 'ww1a2b3c4d5e6f7081';
export const SAMPLE_AGENT = '1000002';
export const SAMPLE_AT = new Date('2026-01-01T00:00:30Z');
/** The vendor's published sample values. */
export const SAMPLE_KEYS = { token: 'QDG6eK', encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C' };
