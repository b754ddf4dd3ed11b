import test, { type ExecutionContext } from 'ava';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { StoryServer } from '../../scripts/story/server.js';
import { findChromium, SandboxPage, startChromium, WAIT_MS, type Platform } from './sandbox-page.js';

/** The capture page as somebody with a phone uses it: in the sandbox's phones, and in a browser by itself. */

const SAMPLE = '现场照片（走廊，带时间水印）';
/** How late the signature of the page comes. */
const SIGNED_LATE_MS = 1_500;
const POCKET = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
const CAST: readonly { platform: Platform; rep: string; client: string }[] = [
  { platform: '企业微信', rep: '代表甲', client: '滨江医院' },
  { platform: '钉钉', rep: '代表丁', client: '新港医院' },
];

const isWhole = process.env['BROWSER_TESTS'] === 'all';
const executable = findChromium();
if (executable === undefined) {
  test.skip('the capture page (no Chromium on this machine; CHROMIUM=/path/to/chromium names one)', () => undefined);
} else if (!isWhole) {
  test.skip('the capture page in phones and in a browser (a server and a Chromium of its own: npm run test:browser)', () =>
    undefined);
} else {
  let server: StoryServer;
  let browser: Browser;
  test.before(async () => {
    server = await StoryServer.create();
    [browser] = await Promise.all([startChromium(executable), server.start()]);
  });
  test.after.always(async () => {
    await browser?.close();
    await server?.stop();
    await server?.remove();
  });

  for (const { platform, rep, client } of CAST) {
    test.serial(
      `${platform}: from the card into the page, position allowed, photo taken, verdict on the page`,
      async (t) => {
        t.timeout(WAIT_MS * 3);
        const page = await SandboxPage.open(browser, server.base, `capture-${platform}`, DESK);
        try {
          // On a busy machine or a poor line the signature comes late; nothing may be pressed into the void meanwhile.
          await page.page.route('**/api/m/page-config*', async (route) => {
            await new Promise((resolve) => setTimeout(resolve, SIGNED_LATE_MS));
            await route.continue();
          });
          const phone = await page.phone(rep, platform);
          await phone.say(client);
          await phone.press(/^拍客户现场照片$/);
          const ask = await phone.see(/要求：/);
          await ask
            .getByRole('button', { name: /^打开相机$/ })
            .or(ask.getByRole('link', { name: /^打开相机$/ }))
            .last()
            .click();
          const { web } = phone;
          await web.getByRole('heading', { name: '拍客户现场照片' }).waitFor();
          await page.shot('1-page');
          // The phone is drawn smaller than it is: Playwright's own click would land beside it.
          await web.getByRole('button', { name: /^拍照$/ }).dispatchEvent('click');
          const asked = phone.slot.getByRole('dialog');
          await page.shot('2-position');
          await asked.getByRole('button', { name: '允许', exact: true }).click();
          await asked.getByText(SAMPLE, { exact: true }).click();
          await web.getByText(/已定位/).waitFor();
          await page.shot('3-taken');
          await web.getByRole('button', { name: '交上去' }).dispatchEvent('click');
          await web.locator('.verdict strong').filter({ hasText: '通过了' }).waitFor();
          await page.shot('4-passed');
          await web.getByRole('button', { name: '回聊天' }).dispatchEvent('click');
          await phone.slot.locator('iframe').waitFor({ state: 'detached' });
          await phone.see(/客户现场照片/);
          t.pass();
        } catch (error) {
          await page.shot('failed');
          t.log(await page.lastWords());
          t.log(server.errors.slice(-4_000));
          throw error;
        } finally {
          await page.page.close();
        }
      },
    );
  }

  test.serial(
    'a browser by itself: no position is said, no signal keeps the photo, a late page says what to do',
    async (t) => {
      t.timeout(WAIT_MS * 3);
      const { url, context, page } = await openPlain(t, browser, server, '代表乙', 'wecom', '新港');
      const shot = shooter(page);
      try {
        await page.getByRole('heading', { name: '拍客户现场照片' }).waitFor();
        await shot('1-ready');
        const [chooser] = await Promise.all([
          page.waitForEvent('filechooser'),
          page.getByRole('button', { name: /^拍照$/ }).click(),
        ]);
        await chooser.setFiles({
          name: 'photo.jpg',
          mimeType: 'image/jpeg',
          buffer: await sample(server, 'site-photo'),
        });
        await page.getByText(/没允许定位/).waitFor();
        await shot('2-denied');

        await context.setOffline(true);
        await page.getByRole('button', { name: '交上去' }).click();
        await page.getByText(/照片留在手机上了/).waitFor();
        await shot('3-offline');
        await context.setOffline(false);
        await page.reload();
        await page.getByText(/照片留在手机上了/).waitFor();
        await page.getByRole('button', { name: '再发一次' }).click();
        await page.locator('.verdict strong').filter({ hasText: '未核验' }).waitFor();
        await shot('4-verdict');

        await page.goto(url);
        await forward(server, 20 * 60_000);
        await page.reload();
        await page.getByRole('alert').waitFor();
        await shot('5-closed');
        t.regex(await page.getByRole('alert').innerText(), /时间过了|已经交了/);
      } catch (error) {
        await shot('failed');
        t.log(server.errors.slice(-4_000));
        throw error;
      } finally {
        await context.close();
      }
    },
  );

  test.serial('what is no photo goes back in words; somebody else’s page says so', async (t) => {
    t.timeout(WAIT_MS * 2);
    const { url, context, page } = await openPlain(t, browser, server, '代表丙', 'wecom', '湖滨');
    const shot = shooter(page);
    try {
      await page.getByRole('button', { name: /^拍照$/ }).waitFor();
      await page.locator('input[type=file]').setInputFiles({
        name: 'photo.jpg',
        mimeType: 'image/jpeg',
        buffer: Buffer.from('%PDF-1.7 no photo'),
      });
      await page.getByRole('button', { name: '交上去' }).click();
      await page.getByText(/这不是照片/).waitFor();
      await shot('6-not-photo');
      const other = new URL(url);
      const yi = await userIdOf(server, '代表乙', 'wecom');
      other.hostname = `${yi.toLowerCase()}.wecom.localhost`;
      await page.goto(other.href);
      await page.getByText(/发给别人/).waitFor();
      await shot('7-not-yours');
      t.pass();
    } catch (error) {
      await shot('failed');
      throw error;
    } finally {
      await context.close();
    }
  });
}

const shooter =
  (page: Page) =>
  async (name: string): Promise<void> => {
    const folder = process.env['BROWSER_SHOTS'];
    if (folder !== undefined && folder !== '') await page.screenshot({ path: `${folder}/plain-${name}.png` });
  };

interface State {
  people: { name: string; wecomUserId?: string; dingtalkUserId?: string }[];
  phones: { platform: string; userId: string; chats: { messages: { id: string; card?: object; text?: string }[] }[] }[];
}
const control = async <T>(server: StoryServer, method: string, path: string, body?: unknown): Promise<T> => {
  const answer = await fetch(`${server.base}/sandbox/api/${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-trailmark': '1' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as T;
};
const forward = (server: StoryServer, byMs: number) => control(server, 'POST', 'clock', { byMs });
async function sample(server: StoryServer, name: string): Promise<Buffer> {
  const answer = await fetch(`${server.base}/sandbox/api/samples/${name}?clientName=x&seed=77`);
  return Buffer.from(await answer.arrayBuffer());
}
async function userIdOf(server: StoryServer, name: string, platform: 'wecom'): Promise<string> {
  const { people } = await control<State>(server, 'GET', 'state');
  return people.find((person) => person.name === name)?.[`${platform}UserId`] ?? '';
}

/** The page of a question, asked by hand on the person's phone and opened in a browser of its own. */
async function openPlain(
  t: ExecutionContext,
  browser: Browser,
  server: StoryServer,
  name: string,
  platform: 'wecom',
  client: string,
): Promise<{ url: string; context: BrowserContext; page: Page }> {
  const userId = await userIdOf(server, name, platform);
  const act = (what: string, body: object) =>
    control(server, 'POST', `phones/${platform}/${encodeURIComponent(userId)}/${what}`, body);
  const newest = async (words: RegExp): Promise<{ id: string; json: string }> => {
    for (let n = 0; n < 200; n += 1) {
      const { phones } = await control<State>(server, 'GET', 'state');
      const phone = phones.find((one) => one.platform === platform && one.userId === userId);
      const all = phone?.chats.flatMap(({ messages }) => messages) ?? [];
      const found = all.toReversed().find((message) => words.test(JSON.stringify(message.card ?? message.text ?? '')));
      if (found !== undefined) return { id: found.id, json: JSON.stringify(found.card) };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`no message like ${words}`);
  };
  await act('text', { text: client });
  const list = await newest(/拍客户现场照片/);
  const action = /"(ask:[^"]*:site-photo)"/.exec(list.json)?.[1];
  await act('press', { messageId: list.id, action });
  const card = await newest(/\/c\/[\w.-]+/);
  const link = new URL(/https?:[^"]*\/c\/[^"]*/.exec(card.json)?.[0] ?? '');
  t.true(link.pathname.startsWith('/c/'));
  link.hostname = `${userId.toLowerCase()}.${platform}.localhost`;
  const context = await browser.newContext({ viewport: POCKET, locale: 'zh-CN', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(link.href);
  return { url: link.href, context, page };
}
