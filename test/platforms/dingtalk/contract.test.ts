import test from 'ava';
import { platformContract } from '../../contracts/platform-contract.js';
import { makeDingtalkHarness, OneSandbox } from './harness.js';

const one = new OneSandbox(test);

platformContract(test, 'dingtalk', (options) => makeDingtalkHarness(one, options));
