import test from 'ava';
import { createVerifyFileRoutes } from '../../src/web/index.js';
import { serveRoutes } from './fakes.js';

test('the file that proves the domain is served as it is, and nothing beside it', async (t) => {
  const files = { 'WW_verify_Ab12Cd34.txt': 'Ab12Cd34', 'WW_verify_x.txt': 'other' };
  const { base } = await serveRoutes(t, createVerifyFileRoutes(files));
  for (const [name, content] of Object.entries(files)) {
    const answer = await fetch(`${base}/${name}`);
    t.is(answer.status, 200);
    t.is(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
    t.is(await answer.text(), content, 'not a byte more');
  }
  for (const path of [
    'WW_verify_Ab12Cd34',
    'WW_verify_ab12cd34.txt',
    'WW_verify_Ab12Cd34.txt/',
    'WW_verify_Ab12Cd34xtxt',
    'WW_verify_other.txt',
    'm/WW_verify_Ab12Cd34.txt',
  ]) {
    t.is((await fetch(`${base}/${path}`)).status, 404, path);
  }
  t.is((await fetch(`${base}/WW_verify_x.txt`, { method: 'POST' })).status, 404);
});
