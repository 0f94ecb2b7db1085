import { narrowToFloat16, widenFloat16 } from '../tensor/half';
import { elementCount, type Shape, type Tensor, tensor } from '../tensor/tensor';
import { normalsFromUniforms, UNIFORM_BITS } from './box-muller';
import { MT19937 } from './mt19937';

const GROUP = 16;

/**
 * torch's random generator on the CPU: `new Generator(42).randn(shape)` gives the numbers of
 * `torch.randn(shape, generator=torch.Generator().manual_seed(42))`, so a seed makes diffusers' clip.
 *
 * Bit for bit those of torch 1.13 to 2.13 on machines with AVX2; torch's other builds differ by up to 1.8e-6.
 * A CUDA generator draws other numbers.
 *
 * Source: ATen/native/cpu/DistributionTemplates.h and ATen/core/DistributionsHelper.h of torch 2.13.
 */
export class Generator {
  private readonly engine: MT19937;
  private keptNormal: number | undefined;

  /**
   * @param seed 0 to 4294967295, whole
   * @throws RangeError for any other seed
   */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new RangeError(`A seed is a whole number of 0 to 4294967295, not ${seed}.`);
    }
    this.engine = new MT19937(seed);
  }

  /**
   * Normal random numbers of mean 0 and variance 1.
   *
   * @param dtype what torch would draw in; float16 gives float16 values held as float32. It is not always the float32
   *   draw rounded: where the number of elements is 16 or more but no multiple of 16, the last 16 differ.
   */
  randn(shape: Shape, dtype: 'float32' | 'float16' = 'float32'): Tensor {
    const values = new Float32Array(elementCount(shape));
    if (values.length < GROUP) {
      for (let i = 0; i < values.length; i++) values[i] = this.nextNormal();
    } else {
      this.fillGroups(values, dtype);
    }
    return tensor(shape, dtype === 'float16' ? widenFloat16(narrowToFloat16(values)) : values);
  }

  /** torch's way for fewer than 16 elements: pairs in double, the second of a pair kept for whoever asks next. */
  private nextNormal(): number {
    if (this.keptNormal !== undefined) {
      const kept = this.keptNormal;
      this.keptNormal = undefined;
      return kept;
    }
    const angle = 2 * Math.PI * this.nextUniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.nextUniform()));
    this.keptNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A multiple of 2^-53 of 0 to 1, 1 excluded. */
  private nextUniform(): number {
    const high = this.engine.next() & 0x1fffff;
    return (high * 2 ** 32 + this.engine.next()) / 2 ** 53;
  }

  /** torch's way for 16 elements or more. */
  private fillGroups(values: Float32Array, dtype: 'float32' | 'float16'): void {
    const rest = values.length % GROUP;
    const groupsEnd = values.length - rest;
    // In float32 torch first draws for all elements, in float16 only for whole groups: it shows in what the tail gets.
    this.drawUniforms(values, 0, dtype === 'float32' ? values.length : groupsEnd);
    for (let start = 0; start < groupsEnd; start += GROUP) normalsFromUniforms(values, start);
    if (rest > 0) {
      // A last group, drawn afresh, overwrites the end of the one before it.
      this.drawUniforms(values, values.length - GROUP, values.length);
      normalsFromUniforms(values, values.length - GROUP);
    }
  }

  /** Uniform numbers as integers of 24 bits, which a float32 holds exactly. */
  private drawUniforms(values: Float32Array, start: number, end: number): void {
    for (let i = start; i < end; i++) values[i] = this.engine.next() & (2 ** UNIFORM_BITS - 1);
  }
}
