import { useId } from 'react';
import type { Measured } from '../../workers/inference/api';
import { useVerdicts } from '../store/verdicts';

const GIB = 2 ** 30;
const BUDGETS = [4, 6, 8, 12, 16, 24];

/** Will it run here? Asked before gigabytes are fetched, and only when the user wants to know. */
export function MachinePanel() {
  const { judging, measure } = useVerdicts();
  return (
    <section className="machine-panel" aria-labelledby="machine-title">
      <h3 id="machine-title">Will they run here?</h3>
      {judging.state === 'unasked' && (
        <p>
          A benchmark of some seconds tells which of these models this machine can run, at what size, and how long a
          clip takes.
        </p>
      )}
      <p role="status">
        {judging.state === 'measuring' && 'Measuring this machine …'}
        {judging.state === 'measured' && judging.busy && 'Judging the models …'}
      </p>
      {judging.state === 'failed' && (
        <p role="alert" className="fault">
          {judging.message}
        </p>
      )}
      {judging.state === 'measured' && <Machine measured={judging.measured} />}
      {(judging.state === 'unasked' || judging.state === 'failed') && (
        <button type="button" className="button" onClick={() => void measure()}>
          Measure this machine
        </button>
      )}
    </section>
  );
}

function Machine({ measured: { info, machine } }: { measured: Measured }) {
  const { conv, gemm, attention } = machine.flops;
  const slowest = Math.min(conv, gemm, attention);
  const fastest = Math.max(conv, gemm, attention);
  return (
    <>
      <p>
        {info.device} on {info.backend === 'webgpu' ? 'WebGPU' : 'wasm'} in {info.dtype}: {sayFlops(slowest)} to{' '}
        {sayFlops(fastest)} by kind of layer.
      </p>
      {info.backend === 'webgpu' && <Budget />}
    </>
  );
}

const sayFlops = (flops: number) =>
  flops < 1e12 ? `${(flops / 1e9).toPrecision(2)} GFLOP/s` : `${(flops / 1e12).toPrecision(2)} TFLOP/s`;

/** A page cannot ask how much memory a GPU has. */
function Budget() {
  const field = useId();
  const { budgetBytes, setBudget } = useVerdicts();
  return (
    <div className="download-field">
      <label htmlFor={field}>Memory of the graphics card that a clip may take</label>
      <select
        id={field}
        value={budgetBytes / GIB}
        onChange={({ currentTarget }) => void setBudget(Number(currentTarget.value) * GIB)}
      >
        {BUDGETS.map((gigabytes) => (
          <option key={gigabytes} value={gigabytes}>
            {gigabytes} GB
          </option>
        ))}
      </select>
      <p className="hint">A browser does not tell how much there is.</p>
    </div>
  );
}
