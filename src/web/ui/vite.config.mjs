import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// The pages are compiled ahead: no template is compiled in the browser, so the pages run under a CSP without unsafe-eval.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/ui/',
  plugins: [vue()],
  build: {
    // A report of plugin times in the midst of `npm start` is nothing to be read there.
    rolldownOptions: { checks: { pluginTimings: false } },
    outDir: fileURLToPath(new URL('../../../build/ui', import.meta.url)),
    emptyOutDir: true,
    manifest: true,
    // The built-in browsers of the chat apps lag behind (DingTalk on Android most).
    target: ['chrome87', 'safari14'],
    // Nothing inline: fonts and pictures come from files, so that `img-src` stays short.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
