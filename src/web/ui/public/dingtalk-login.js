// Runs inside DingTalk's client: the code it gives is redeemed by the server.
(() => {
  const { corpId, clientId, state } = document.currentScript.dataset;
  const done = (code) => location.replace(`/login/dingtalk/done?${new URLSearchParams({ state, code })}`);
  if (typeof dd === 'undefined' || dd.env.platform === 'notInDingTalk') return;
  dd.requestAuthCode({ corpId, clientId, success: ({ code }) => done(code), fail: () => done('') });
})();
