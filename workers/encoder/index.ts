import { expose, transfer } from 'comlink';
import type { EncoderApi } from './api';
import { encodeMp4 } from './encode';

const api: EncoderApi = {
  async encodeMp4(frames, tags) {
    const mp4 = await encodeMp4(frames, tags);
    return transfer(mp4, [mp4.buffer]);
  },
};

expose(api);
