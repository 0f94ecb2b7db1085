import { join } from 'node:path';
import { SMALL } from './app';
import { expect, looseFiles, type NamedBytes, test, tinyFolder, tinySingleFile } from './models-page';
import { photograph, png } from './pictures';

const photo = png('lake.png', photograph(128, 128));

test('the pages are links: the back button, the title and the focus follow', async ({ models, page, app }) => {
  await app.open('?backend=wasm');
  await models.goTo('Models');
  await expect(page).toHaveTitle('Models · Stillmotion');
  await expect(page.getByRole('heading', { name: 'Models' })).toBeFocused();
  await expect(app.animateButton).toBeHidden();
  await page.goBack();
  await expect(page).toHaveTitle('Stillmotion');
  await expect(app.animateButton).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
});

test('a folder becomes a model: added, used for a clip, kept over a reload, and deleted', async ({
  models,
  app,
  page,
}) => {
  await models.open();
  await models.pick('SVD', tinyFolder(14));
  await expect(models.incoming).toContainText('3 weight files, 12.5 MB, float16');
  await models.add();
  await expect(models.card('SVD')).toContainText('Verified');
  await expect(models.card('SVD')).toContainText('12.5 MB in this browser’s storage. Added today, not used yet.');
  await models.press('SVD', 'Verify');
  await expect(models.card('SVD')).toContainText('Every byte that is here is as it was.');
  await models.use('SVD');
  await expect(models.card('SVD')).toContainText('Last used today.');

  await models.goTo('Animate');
  await expect(app.machine).toContainText('SVD on wasm');
  await app.drop(photo);
  await app.choose(SMALL);
  await app.animate();
  await app.finished();

  await page.reload();
  await expect(app.machine).toContainText('SVD on wasm');

  await models.goTo('Models');
  await models.press('SVD', 'Delete');
  const dialog = page.getByRole('dialog', { name: 'Delete SVD?' });
  await expect(dialog).toContainText('12.5 MB are freed');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(models.card('SVD')).toContainText('Not here');
  await expect(models.card('SVD-nano')).toContainText('In use');
});

test('a run goes on while the user looks at the models, and the model stays as it is meanwhile', async ({
  models,
  app,
  page,
}) => {
  await models.open();
  await models.pick('SVD', tinyFolder(14));
  await models.add();
  await models.goTo('Animate');
  await app.drop(photo);
  await app.choose({ ...SMALL, Frames: 4, Steps: 6 });
  await app.animate();
  await models.goTo('Models');
  await expect(models.card('SVD').getByRole('button', { name: 'Use' })).toBeDisabled();
  await expect(page).toHaveTitle(/% · Stillmotion$/);
  await models.goTo('Animate');
  await app.finished();
});

test('loose files under names that tell nothing are found by their content, and added in two goes', async ({
  models,
}) => {
  const files = looseFiles(tinyFolder(25));
  const isEncoder = ({ buffer }: NamedBytes) => buffer.includes('visual_projection.weight');
  await models.open();
  await models.pick(
    'SVD-XT',
    files.filter((file) => !isEncoder(file)),
  );
  await expect(models.incoming).toContainText('They do not hold the image encoder; that can be added later.');
  await models.add();
  await expect(models.card('SVD-XT')).toContainText('The image encoder is missing.');
  await expect(models.card('SVD-XT')).toContainText('Partly here');

  const isSmall = ({ buffer }: NamedBytes) => buffer.length < 10_000;
  await models.pick(
    'SVD-XT',
    files.filter((file) => isEncoder(file) || isSmall(file)),
  );
  await models.add();
  await expect(models.card('SVD-XT')).toContainText('Verified');
  await models.use('SVD-XT');
});

test('a checkpoint in one file makes a clip, its tensors under Stability’s own names', async ({ models, app }) => {
  await models.open();
  await models.pick('SVD-XT 1.1', await tinySingleFile(25));
  await expect(models.incoming).toContainText('A checkpoint in one file, 13.7 MB, float16');
  await models.add();
  await models.use('SVD-XT 1.1');
  await models.goTo('Animate');
  await app.drop(photo);
  await app.choose(SMALL);
  await app.animate();
  await app.finished();
});

test('AnimateLCM-SVD says what it needs beside it, and makes a clip once that is here', async ({ models, app }) => {
  const folder = tinyFolder(25);
  await models.open();
  await models.pick('AnimateLCM-SVD', join(folder, 'unet'));
  await models.add();
  await models.press('AnimateLCM-SVD', 'Use');
  await expect(models.card('AnimateLCM-SVD').getByRole('alert')).toContainText('Add SVD, SVD-XT or SVD-XT 1.1 first.');
  await expect(models.card('SVD-nano')).toContainText('In use');

  await models.pick('SVD-XT', folder);
  await models.add();
  await expect(models.card('AnimateLCM-SVD')).toContainText('Borrows the VAE and the image encoder of SVD-XT.');
  await models.use('AnimateLCM-SVD');
  await models.goTo('Animate');
  await app.drop(photo);
  await expect(app.field('Frames')).toHaveValue('25');
  await app.choose({ ...SMALL, Steps: 2 });
  await app.animate();
  await app.finished();
});
