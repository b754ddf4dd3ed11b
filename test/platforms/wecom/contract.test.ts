import test from 'ava';
import { platformContract } from '../../contracts/platform-contract.js';
import { makeWecomHarness, SandboxPool } from './harness.js';

const pool = new SandboxPool(test);

platformContract(test, 'wecom', (options) => makeWecomHarness(pool, options));
