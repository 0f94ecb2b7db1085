const STATE_SIZE = 624;
const SHIFT_SIZE = 397;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;
const TWIST = 0x9908b0df;

/**
 * The Mersenne Twister MT19937, a stream of 32-bit integers.
 *
 * Source: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998), with the seeding of their revised
 * C code of 2002, which is torch's.
 */
export class MT19937 {
  private readonly state = new Uint32Array(STATE_SIZE);
  private position = STATE_SIZE;

  /** @param seed 0 to 4294967295, whole */
  constructor(seed: number) {
    let previous = seed >>> 0;
    this.state[0] = previous;
    for (let i = 1; i < STATE_SIZE; i++) {
      previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) >>> 0;
      this.state[i] = previous;
    }
  }

  /** The next integer, 0 to 4294967295. */
  next(): number {
    if (this.position === STATE_SIZE) this.renew();
    let y = this.state[this.position++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  private renew(): void {
    const state = this.state;
    for (let i = 0; i < STATE_SIZE; i++) {
      const y = ((state[i] as number) & UPPER_BIT) | ((state[(i + 1) % STATE_SIZE] as number) & LOWER_BITS);
      state[i] = (state[(i + SHIFT_SIZE) % STATE_SIZE] as number) ^ (y >>> 1) ^ (y & 1 ? TWIST : 0);
    }
    this.position = 0;
  }
}
