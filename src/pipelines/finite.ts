import type { Tensor } from '../tensor/tensor';

/** A network gave NaN or infinity, in full precision too. */
export class NotFiniteError extends Error {
  override readonly name = 'NotFiniteError';
}

/** Whether no number is NaN or infinite. In half precision a sum beyond 65504 is infinite, and NaN soon after. */
export const allFinite = ({ data }: Tensor): boolean => data.every(Number.isFinite);

/**
 * @param network for the message: "UNet"
 * @throws NotFiniteError if a number is not finite
 */
export function checkFinite(output: Tensor, network: string): void {
  if (allFinite(output)) return;
  throw new NotFiniteError(
    `The ${network} gave numbers that are not finite, in full precision too. Its weights are damaged, or were not made for this network: verify the model, or get its files again.`,
  );
}
