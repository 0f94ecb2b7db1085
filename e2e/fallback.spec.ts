import { SMALL } from './app';
import { expect, test } from './fixtures';
import { photograph, png } from './pictures';

test('a browser that cannot suspend WebAssembly gets the other build of the runtime, and the clip', async ({
  app,
  page,
  context,
}) => {
  // Chromium has no switch for it any more, so its workers lose the means before their first line.
  await context.route(/\/assets\/.+\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `delete WebAssembly.Suspending;${await response.text()}` });
  });
  const runtimes: string[] = [];
  page.on('request', (request) =>
    runtimes.push(...(/(asyncify|jspi)[^/]*\.wasm$/.exec(request.url())?.slice(1) ?? [])),
  );

  await app.open('?backend=wasm');
  await app.drop(png('lake.png', photograph(128, 128)));
  await app.choose(SMALL);
  await app.animate();
  await app.finished();
  expect(new Set(runtimes)).toEqual(new Set(['asyncify']));
});
