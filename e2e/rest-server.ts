import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What `npm start` runs, as a process of its own. */
export class StartedApp {
  private constructor(
    readonly origin: string,
    readonly process: ChildProcess,
  ) {}

  /** Resolves when it says that it is ready; it builds first if the sources are newer than the build. */
  static async start(): Promise<StartedApp> {
    const script = fileURLToPath(new URL('../scripts/start.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, '--port', `${await freePort()}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for await (const text of child.stdout) {
      said += text;
      const [, origin] = /open (http:\/\/[^/]+)\//.exec(said) ?? [];
      if (origin) {
        // Nobody reads on, and a full pipe would stop it.
        child.stdout.resume();
        return new StartedApp(origin, child);
      }
    }
    throw new Error(`npm start ended before it was ready. It said: ${said}`);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    this.process.kill();
    await once(this.process, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this machine, as a developer would in a terminal. */
export async function runProgram(command: string, args: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (part) => out.push(part));
  child.stderr.on('data', (part) => err.push(part));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Whether there is such a program. */
export async function hasProgram(command: string): Promise<boolean> {
  return runProgram(command, ['--version']).then(
    ({ code }) => code === 0,
    () => false,
  );
}
