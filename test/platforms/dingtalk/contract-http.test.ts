import test from 'ava';
import { platformContract } from '../../contracts/platform-contract.js';
import { makeDingtalkHarness, OneSandbox } from './harness.js';

const one = new OneSandbox(test);

platformContract(test, 'dingtalk by HTTP', (options) => makeDingtalkHarness(one, { ...options, mode: 'http' }));
