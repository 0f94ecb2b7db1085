import { expect, type Locator, type Page } from '@playwright/test';

/** A file as it comes from the user's disk. */
export interface PictureFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Settings by the labels of their fields. */
export type FieldValues = Readonly<Record<string, number | string>>;

/** A clip that takes seconds: what most tests need is that there is one. */
export const SMALL = { Width: 64, Height: 64, Frames: 2, Steps: 1, Seed: 1 } as const;

/** No clip of these tests takes this long, even on a busy machine. */
const PATIENCE = { timeout: 4 * 60_000 };

/** The app as its user sees it: found by label and role, and by nothing else. */
export class App {
  readonly status: Locator;
  readonly alert: Locator;
  readonly animateButton: Locator;
  readonly clip: Locator;
  /** Which model runs where, and why there. */
  readonly machine: Locator;

  constructor(readonly page: Page) {
    this.status = page.getByRole('status');
    this.alert = page.getByRole('alert');
    this.animateButton = page.getByRole('button', { name: 'Animate', exact: true });
    this.clip = page.getByLabel('Your clip');
    this.machine = page.getByRole('region', { name: 'Where it runs' });
  }

  /** @param query of the page's address, such as '?backend=webgpu' */
  async open(query = ''): Promise<void> {
    await this.page.goto(`/${query}`);
    await expect(this.machine).toBeVisible();
  }

  /**
   * Lets a file go over the page, as a hand would: the browser's own DataTransfer, dragged over and dropped.
   *
   * @param target the stage unless given
   */
  async drop(
    { name, type, bytes }: PictureFile,
    target = this.page.getByRole('region', { name: 'Picture' }),
  ): Promise<void> {
    const base64 = Buffer.from(bytes).toString('base64');
    const dataTransfer = await this.page.evaluateHandle(
      ([name, type, base64]) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type }));
        return transfer;
      },
      [name, type, base64] as const,
    );
    await target.dispatchEvent('dragover', { dataTransfer });
    await target.dispatchEvent('drop', { dataTransfer });
    await dataTransfer.dispose();
  }

  /** The picture on the stage. */
  picture(name: string): Locator {
    return this.page.getByRole('img', { name, exact: true });
  }

  field(label: string): Locator {
    return this.page.getByRole('spinbutton', { name: label, exact: true });
  }

  /** Types settings into the form; Width and Height make the size a custom one. */
  async choose(values: FieldValues): Promise<void> {
    if ('Width' in values) await this.page.getByLabel('Size').selectOption('custom');
    if (!(await this.field('Steps').isVisible())) await this.page.getByText('Advanced').click();
    for (const [label, value] of Object.entries(values)) await this.field(label).fill(String(value));
  }

  async animate(): Promise<void> {
    await this.animateButton.click();
  }

  /** Waits for the run to end well. */
  async finished(): Promise<void> {
    const ready = this.page.getByText('Your clip is ready.');
    await expect(ready.or(this.alert)).toBeVisible(PATIENCE);
    expect(await this.alert.allInnerTexts()).toEqual([]);
  }

  /** Waits for the run to break, and returns what the page says of it. */
  async failure(): Promise<string> {
    await expect(this.alert).toBeVisible(PATIENCE);
    return this.alert.getByRole('paragraph').innerText();
  }

  /** Presses Download, and returns the file. */
  async download(): Promise<{ readonly name: string; readonly mp4: Buffer }> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.getByRole('link', { name: 'Download MP4' }).click(),
    ]);
    const chunks = await (await download.createReadStream()).toArray();
    return { name: download.suggestedFilename(), mp4: Buffer.concat(chunks) };
  }

  /** From the press of Animate to the file. */
  async makeClip(): Promise<Buffer> {
    await this.animate();
    await this.finished();
    return (await this.download()).mp4;
  }
}
