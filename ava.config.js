// Files that take long begin first, so that the two at a time end together.
const LONG = ['/browser/', '/evidence/', '/store/', '/conversation/'];
const rank = (file) => {
  const at = LONG.findIndex((part) => file.includes(part));
  return at < 0 ? LONG.length : at;
};

export default {
  files: ['build/test/**/*.test.js'],
  concurrency: 2,
  timeout: '120s',
  workerThreads: false,
  require: ['./build/test/helpers/seed.js'],
  nodeArguments: ['--enable-source-maps'],
  sortTestFiles: (one, other) => rank(one) - rank(other),
};
