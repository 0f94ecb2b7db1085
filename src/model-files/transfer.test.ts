import { createSHA256 } from 'hash-wasm';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../../reference/simulated-disk';
import { SimulatedTime } from '../../reference/simulated-time';
import { VirtualBlob } from '../safetensors/virtual-blob';
import { blobSource } from './blob-source';
import { bring, type TransferProgress } from './bring';
import { journalText, parseJournal } from './journal';
import { PART } from './names';
import type { ModelRecord } from './record';
import { PassingFault, type Source } from './source';
import { type Item, type Place, transfer } from './transfer';

const BYTES = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3);
const RECORD: ModelRecord = { id: 'svd', title: 'SVD', files: [], addedAt: 0 };

async function placeOn(disk: SimulatedDisk, controller = new AbortController()): Promise<Place> {
  return {
    folder: disk,
    journals: disk.journals,
    hasher: await createSHA256(),
    clock: new SimulatedTime(),
    signal: controller.signal,
    journalEvery: 16_000,
  };
}

const quietDisk = () => new SimulatedDisk(() => 0.5);

/** A source in chunks of 1000 bytes, which calls `before` ahead of each. */
function chunked(before: (at: number) => void = () => {}, from = 'https://x'): Source & { opened: number[] } {
  const opened: number[] = [];
  return {
    from,
    doing: 'downloading',
    opened,
    async open(offset) {
      opened.push(offset);
      let at = offset;
      const read = async () => {
        before(at);
        at += 1000;
        return at > BYTES.length ? undefined : BYTES.subarray(at - 1000, at);
      };
      return { offset, size: BYTES.length, read, close: () => {} };
    },
  };
}

/** Faster than a comparison element by element. */
const expectBytes = (disk: SimulatedDisk) => expect(Buffer.compare(disk.bytes('w') as Uint8Array, BYTES)).toBe(0);

const itemOf = (source: Source): Item => ({ path: 'w', source });

test('a journal is kept each time so many bytes have come, and speaks of just those', async () => {
  const disk = quietDisk();
  const place = await placeOn(disk);
  const offsets: (number | undefined)[] = [];
  const { save } = disk.journals;
  const journals = {
    ...disk.journals,
    save: (path: string, text: string) => {
      offsets.push(parseJournal(text)?.offset);
      return save(path, text);
    },
  };
  await transfer(itemOf(chunked()), { ...place, journals }, () => {});
  expect(offsets).toEqual([16_000, 32_000, 48_000, 64_000, 80_000, 96_000, 100_000]);
});

test('a transfer that is cancelled keeps all that has come, and goes on from there', async () => {
  const disk = quietDisk();
  const controller = new AbortController();
  const source = chunked((at) => at === 37_000 && controller.abort(new DOMException('Stopped.', 'AbortError')));
  await expect(transfer(itemOf(source), await placeOn(disk, controller), () => {})).rejects.toThrow('Stopped.');
  const again = chunked();
  await transfer(itemOf(again), await placeOn(disk), () => {});
  expect(again.opened).toEqual([37_000]);
  expectBytes(disk);
});

test('a cancelled transfer that waits for another try ends at once', async () => {
  const controller = new AbortController();
  const source: Source = {
    from: 'https://x',
    doing: 'downloading',
    open: async () => {
      queueMicrotask(() => controller.abort(new DOMException('Stopped.', 'AbortError')));
      throw new PassingFault('Busy.', 60_000);
    },
  };
  await expect(transfer(itemOf(source), await placeOn(quietDisk(), controller), () => {})).rejects.toThrow('Stopped.');
});

test('half a file is continued from where it came, and from nowhere else', async () => {
  const disk = quietDisk();
  const broken = chunked((at) => {
    if (at === 40_000) throw new Error('gone');
  });
  await expect(transfer(itemOf(broken), await placeOn(disk), () => {})).rejects.toThrow('gone');
  const elsewhere = chunked(() => {}, 'https://y');
  await transfer(itemOf(elsewhere), await placeOn(disk), () => {});
  expect(elsewhere.opened).toEqual([0]);
});

test('a source that cannot begin in the middle is read from its beginning, at once', async () => {
  const disk = quietDisk();
  const dropping = chunked((at) => {
    if (at === 40_000 && dropping.opened.length === 1) throw new PassingFault('The connection was lost.');
  });
  const whole = { ...dropping, open: async (offset: number) => ({ ...(await dropping.open(0)), asked: offset }) };
  await transfer(itemOf(whole), await placeOn(disk), () => {});
  expect(dropping.opened).toEqual([0, 0]);
  expectBytes(disk);
});

test('a journal whose hash state the hasher does not know counts as none', async () => {
  const disk = quietDisk();
  const part = await disk.openPart('w');
  part.truncate(BYTES.length);
  const state = { from: 'https://x', size: BYTES.length, offset: 5000, hashState: new Uint8Array(116) };
  await disk.journals.save('w', journalText(state));
  const source = chunked();
  await transfer(itemOf(source), await placeOn(disk), () => {});
  expect(source.opened).toEqual([0]);
  expectBytes(disk);
});

test('a host that never answers is given up soon, one that breaks off often only without progress', async () => {
  let tries = 0;
  const deaf: Source = {
    from: 'https://x',
    doing: 'downloading',
    open: async () => {
      tries++;
      throw new PassingFault('x cannot be reached.');
    },
  };
  const giving = transfer(itemOf(deaf), await placeOn(quietDisk()), () => {});
  await expect(giving).rejects.toMatchObject({
    name: 'HubError',
    message: 'x cannot be reached. What has arrived is kept: check the connection, then go on.',
  });
  expect(tries).toBe(3);

  let drops = 0;
  const dropping = chunked((at) => {
    if (at % 2000 === 1000 && drops++ % 2 === 0) throw new PassingFault('The connection was lost.');
  });
  await transfer(itemOf(dropping), await placeOn(quietDisk()), () => {});
  expect(dropping.opened.length).toBeGreaterThan(20);
});

test('what is there already is not brought again; what was replaced is', async () => {
  const disk = quietDisk();
  const source = chunked();
  const first = await bring(RECORD, [itemOf(source)], await placeOn(disk), disk.saveRecord, () => {});
  const second = await bring(first, [itemOf(source)], await placeOn(disk), disk.saveRecord, () => {});
  expect(source.opened).toEqual([0]);
  expect(second).toEqual(first);

  const other = new VirtualBlob(5, async (begin, end) => new Uint8Array(end - begin).fill(9));
  const item = { path: 'w', source: blobSource('w', other, 'file:w:5'), size: 5 };
  const third = await bring(second, [item], await placeOn(disk), disk.saveRecord, () => {});
  expect(third.files).toMatchObject([{ path: 'w', bytes: 5, from: 'file:w:5' }]);
  expect(disk.bytes('w')).toEqual(new Uint8Array(5).fill(9));
  expect(disk.paths).toEqual(['w']);
});

test('a whole file that no record vouches for is taken if its hash is right, and brought again if not', async () => {
  for (const flips of [false, true]) {
    const disk = quietDisk();
    const source = chunked();
    // The process died when the file had its name already, and before that was noted.
    await transfer(itemOf(source), await placeOn(disk), () => {});
    if (flips) disk.flip('w', 5);
    const { files } = await bring(RECORD, [itemOf(source)], await placeOn(disk), disk.saveRecord, () => {});
    expect(files[0]?.verifiedTime).toBeDefined();
    expect(source.opened).toEqual(flips ? [0, 0] : [0]);
    expectBytes(disk);
  }
});

test('a host that announces another length than is known beforehand is told so, and nothing of it is taken', async () => {
  const disk = quietDisk();
  const item = { ...itemOf(chunked()), size: BYTES.length + 1 };
  await expect(transfer(item, await placeOn(disk), () => {})).rejects.toThrow(
    'w should have 100001 bytes, and the host announces 100000.',
  );
  expect(disk.bytes(`w${PART}`)).toEqual(new Uint8Array());
});

test('progress counts all files of a job, and ends at its total', async () => {
  const disk = quietDisk();
  const told: TransferProgress[] = [];
  const items = [
    { path: 'a', source: chunked(), size: BYTES.length },
    { path: 'b', source: chunked(), size: BYTES.length },
  ];
  await bring(RECORD, items, await placeOn(disk), disk.saveRecord, (progress) => told.push(progress));
  expect(told[0]).toEqual({ path: 'a', doing: 'downloading', doneBytes: 1000, totalBytes: 200_000 });
  expect(told.at(-1)).toEqual({ path: 'b', doing: 'downloading', doneBytes: 200_000, totalBytes: 200_000 });
  expect(told.map(({ doneBytes }) => doneBytes)).toEqual(told.map((_, i) => (i + 1) * 1000));
});

test('a local file that changes while it is copied is told, and nothing of it is used', async () => {
  const disk = quietDisk();
  const changing = new VirtualBlob(5_000_000, async (begin, end) => {
    if (begin > 0) throw new DOMException('The file changed.', 'NotReadableError');
    return new Uint8Array(end - begin);
  });
  const item = { path: 'w', source: blobSource('w', changing, 'file:w'), size: changing.size };
  await expect(bring(RECORD, [item], await placeOn(disk), disk.saveRecord, () => {})).rejects.toMatchObject({
    name: 'FileChangedError',
    message: expect.stringMatching(/^w could not be read to its end: it was moved, changed or deleted meanwhile\. /),
  });
  expect(disk.paths).toEqual([`w${PART}`]);
  expect(disk.record?.files[0]?.verifiedTime).toBeUndefined();
});
