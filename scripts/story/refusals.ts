import { firstLine, readAll } from './phone.js';
import { Scene } from './scene.js';

/** Evidence that does not hold, handed in on the way: told with its reason, and completing nothing. */
export class Refusals extends Scene {
  protected async oldPhoto(): Promise<void> {
    const failed = await this.aside('一张旧照片', async () => {
      await this.rep.looksAway();
      await this.photo('old-photo');
      return await this.rep.seesText(/没通过/u);
    });
    this.check('photo-old-failed', /\d+ 月 \d+ 日|差 \d+ 天/u.test(readAll(failed)), firstLine(failed));
  }

  protected async shortProposal(): Promise<void> {
    const failed = await this.aside('一份客户名不够的方案', async () => {
      await this.rep.looksAway();
      await this.file('proposal-short');
      return await this.rep.seesText(/没通过|还差/u);
    });
    this.check('pdf-failed', /还差 1 处/u.test(readAll(failed)), firstLine(failed));
  }

  /** Every visit wants its own picture. */
  protected async reusedPhoto(picture: Uint8Array): Promise<void> {
    const reused = await this.aside('一张用过的照片', async () => {
      await this.rep.looksAway();
      await this.rep.sendsPhoto('photo.jpg', picture);
      return await this.rep.seesText(/用过|没通过/u);
    });
    this.check('photo-reused-failed', /用过/u.test(readAll(reused)), firstLine(reused));
  }

  /** A plate that is in no list: the machine does not decide, the supervisor does, and the rep's chat says so. */
  protected async strangePlate(): Promise<void> {
    const [asked, refused] = await this.aside('名单外的科室', async () => {
      await this.rep.looksAway();
      await this.supervisor.looksAway();
      await this.photo('door-plate', { plate: '放射科' });
      const card = await this.supervisor.seesText(/请看一眼：科室门牌照片/u);
      await this.supervisor.pressesOn(card, /^不通过/u);
      await this.supervisor.presses(/不是这个客户的/u);
      return [card, await this.rep.seesText(/没通过[^]*不是这个客户的/u)];
    });
    this.check('plate-reviewed', /放射科/u.test(readAll(asked)), `${firstLine(asked)} → ${firstLine(refused)}`);
  }

  protected async flatCostSheet(): Promise<void> {
    const failed = await this.aside('一张只有两级的成本表', async () => {
      await this.rep.looksAway();
      await this.file('cost-sheet-flat');
      return await this.rep.seesText(/没通过/u);
    });
    this.check('sheet-row-named', /第 ?\d+ ?行/u.test(readAll(failed)), firstLine(failed));
  }
}
