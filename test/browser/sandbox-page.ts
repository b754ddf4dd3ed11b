import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type FrameLocator, type Locator, type Page } from 'playwright-core';

export type Platform = '企业微信' | '钉钉';

/** Longest wait for something to show: reading a photo on a cold worker of a busy machine included. */
export const WAIT_MS = 90_000;

/** Where a Chromium of the system usually is; `CHROMIUM` names another one. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function findChromium(): string | undefined {
  return [process.env['CHROMIUM'] ?? '', ...PLACES].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export const startChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    // In a container neither the kernel's sandbox nor a large /dev/shm is there; only our own pages are opened.
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });

/** The sandbox's page as somebody at the desk uses it: by mouse and keyboard only. */
export class SandboxPage {
  private constructor(
    readonly page: Page,
    private readonly name: string,
  ) {}

  static async open(browser: Browser, base: string, name: string, size: { width: number; height: number }) {
    const page = await browser.newPage({ viewport: size, locale: 'zh-CN', reducedMotion: 'reduce' });
    page.setDefaultTimeout(WAIT_MS);
    // The page draws every sample from a seed of its own: here each run takes the same pictures, and each page others
    // (a picture that another deal has had is refused).
    const seed = [...name].reduce((sum, sign) => sum * 31 + (sign.codePointAt(0) ?? 0), 7) % 2_147_483_647;
    await page.addInitScript((first: number) => {
      let last = first;
      Math.random = () => (last = (last * 16_807) % 2_147_483_647) / 2_147_483_647;
    }, seed);
    await page.goto(`${base}/sandbox`);
    await page.locator('.device:visible').first().waitFor();
    return new SandboxPage(page, name);
  }

  /** The person's phone; taken out of the list of people when it is not on the table yet. */
  async phone(person: string, platform: Platform): Promise<Phone> {
    const phone = new Phone(this.page, `${person}的${platform}`);
    if ((await phone.slot.count()) > 0) return phone;
    const people = this.page.getByRole('button', { name: '人员', exact: true });
    if (await people.isVisible()) await people.click();
    await this.page.getByRole('button', { name: `打开${person}的${platform}` }).click();
    await phone.slot.waitFor();
    return phone;
  }

  /** The clock by the page's own control, until the page shows that it has moved. */
  async forward(step: '1 小时' | '1 工作日' | '到下个工作日 9 点'): Promise<void> {
    const steps = this.page.getByRole('group', { name: '快进' });
    await steps.getByRole('button', { name: step }).click();
    await steps.getByRole('button', { name: step }).and(this.page.locator(':enabled')).waitFor();
  }

  /** What the open phones said last, for the reader of a failed run. */
  async lastWords(): Promise<string> {
    const phones = await this.page.getByRole('log').all();
    const words = await Promise.all(
      phones.map(async (phone) => (await phone.getByRole('article').allInnerTexts()).slice(-6).join('\n--\n')),
    );
    return words.join('\n======\n');
  }

  /** For people to look at: kept only when BROWSER_SHOTS names a folder. */
  async shot(what: string): Promise<void> {
    const folder = process.env['BROWSER_SHOTS'];
    if (folder === undefined || folder === '') return;
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${this.name}-${what}.png`) });
  }
}

/** One phone on the table. */
export class Phone {
  readonly slot: Locator;
  readonly chat: Locator;

  constructor(
    private readonly page: Page,
    private readonly name: string,
  ) {
    this.slot = page.getByRole('article', { name, exact: true, includeHidden: true });
    this.chat = this.slot.getByRole('log');
  }

  /** On a narrow screen one phone is seen at a time. */
  async take(): Promise<void> {
    const tab = this.page.getByRole('navigation', { name: '手机' }).getByRole('button', { name: this.name });
    if ((await tab.isVisible()) && (await tab.getAttribute('aria-pressed')) !== 'true') await tab.click();
  }

  async say(words: string): Promise<void> {
    await this.take();
    const field = this.slot.getByRole('textbox', { name: '消息' });
    await field.click();
    await field.pressSequentially(words);
    await field.press('Enter');
  }

  /** The newest message with these words. */
  message(words: RegExp): Locator {
    return this.chat.getByRole('article').filter({ hasText: words }).last();
  }
  async see(words: RegExp): Promise<Locator> {
    await this.take();
    const message = this.message(words);
    await message.waitFor();
    return message;
  }

  /** The newest button with this label, on any card or on the given one. */
  async press(label: RegExp, on: Locator = this.chat): Promise<void> {
    await this.take();
    await on.getByRole('button', { name: label }).and(this.page.locator(':enabled')).last().click();
  }
  async pick(...options: RegExp[]): Promise<void> {
    await this.take();
    for (const name of options) {
      const option = this.chat.getByRole('checkbox', { name }).or(this.chat.getByRole('radio', { name })).last();
      await option.click();
    }
  }

  /** The phone's camera or file picker, with one of the ready-made samples. */
  async send(kind: '拍照' | '文件', sample: string, plate?: string): Promise<void> {
    await this.take();
    await this.slot.getByRole('button', { name: '拍照、文件' }).click();
    await this.slot.getByRole('group', { name: '拍照、文件' }).getByRole('button', { name: kind, exact: true }).click();
    const sheet = this.slot.getByRole('dialog');
    if (plate !== undefined) await sheet.getByLabel('门牌').selectOption(plate);
    await sheet.getByText(sample, { exact: true }).click();
    await sheet.waitFor({ state: 'detached' });
  }

  /** From the app's menu under the chat (WeCom). */
  async menu(entry: string, sub: string): Promise<void> {
    await this.take();
    const menu = this.slot.getByRole('navigation', { name: '应用菜单' });
    await menu.getByRole('button', { name: entry, exact: true }).click();
    await menu.getByRole('button', { name: sub, exact: true }).click();
  }

  /** Back to the list of chats and into another one. */
  async enter(chat: string): Promise<void> {
    await this.take();
    await this.slot.getByRole('button', { name: '回到消息列表' }).click();
    await this.slot
      .getByRole('button')
      .filter({ has: this.page.getByText(chat, { exact: true }) })
      .click();
  }

  /** The page that is open inside the phone. */
  get web(): FrameLocator {
    return this.slot.frameLocator('iframe');
  }
  async closeWeb(): Promise<void> {
    await this.slot.getByRole('button', { name: '关闭网页' }).click();
  }
}
