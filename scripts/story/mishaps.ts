import { setTimeout as sleep } from 'node:timers/promises';
import { readAll, readCard } from './phone.js';
import { Refusals } from './refusals.js';

/** What goes wrong without anybody's doing: a platform that is down, a server that dies. */
export class Mishaps extends Refusals {
  protected async platformDown(): Promise<void> {
    const lists = async (): Promise<number> =>
      (await this.rep.messages()).filter((message) => message.from === 'bot' && readCard(message)?.title === '我的商机')
        .length;
    const before = await lists();
    await this.sandbox.faults(this.cast.platform, { failRate: 1 });
    await this.rep.says('我的商机');
    await sleep(2_500);
    const during = (await lists()) - before;
    await this.sandbox.faults(this.cast.platform, { failRate: 0 });
    const until = Date.now() + 90_000;
    while ((await lists()) === before && Date.now() < until) await sleep(250);
    await sleep(2_000);
    const after = (await lists()) - before;
    this.check('platform-down-delivered-later', during === 0 && after === 1, `${during} while down, ${after} after`);
  }

  /** Ten kills at different moments: of questions, of a press, of a photo on its way, of its verification. */
  protected async killed(): Promise<void> {
    const answers = async (title: string): Promise<number> =>
      (await this.rep.messages()).filter((one) => one.from === 'bot' && readCard(one)?.title === title).length;
    const killAfter = async (waitMs: number): Promise<void> => {
      await sleep(waitMs);
      await this.server.kill();
      await this.server.start();
    };
    const questions = [
      { words: '帮助', title: '可以这样用', kills: [0, 40, 150, 400] },
      { words: '我的商机', title: '我的商机', kills: [20, 80, 250] },
    ];
    let kills = 0;
    let lost = 0;
    let doubled = 0;
    await this.aside('问话的时候', async () => {
      for (const { words, title, kills: moments } of questions) {
        const before = await answers(title);
        for (const [asked, waitMs] of moments.entries()) {
          await this.rep.says(words);
          await killAfter(waitMs);
          kills++;
          const until = Date.now() + 45_000;
          while ((await answers(title)) <= before + asked && Date.now() < until) await sleep(100);
        }
        await sleep(3_000);
        const given = (await answers(title)) - before;
        lost += Math.max(0, moments.length - given);
        doubled += Math.max(0, given - moments.length);
      }
      await this.rep.says(this.cast.client);
      await this.checklist(/交付启动/u);
    });
    await this.rep.presses(/设备铭牌照片/u);
    await killAfter(100);
    await this.photo('nameplate');
    await killAfter(60);
    await killAfter(1_200);
    kills += 3;
    const passed = await this.rep
      .seesText(/✅[^\n]*设备铭牌照片/u, { fromStart: true, newest: true, waitMs: 120_000 })
      .then(
        () => true,
        () => false,
      );
    if (!passed) lost++;
    const cards = (await this.rep.messages()).filter((message) => /设备铭牌照片 没通过/u.test(readAll(message))).length;
    this.check(
      'killed-nothing-lost',
      lost === 0 && doubled === 0 && cards === 0,
      `kill -9 at ${kills} moments of questions, a press, a photo and its verification: ${lost} lost, ${doubled} double`,
    );
  }
}
