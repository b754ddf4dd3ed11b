export default {
  files: ['build/test/**/*.test.js'],
  concurrency: 2,
  timeout: '120s',
  workerThreads: false,
  nodeArguments: ['--enable-source-maps'],
};
