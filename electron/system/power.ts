/**
 * What the operating system says, where platforms differ:
 *
 *   the screen is unlocked   macOS and Windows only
 *   the session ends         Linux and macOS tell here; Windows tells its windows
 *   nobody is there          not known everywhere (Wayland): then what our own windows saw counts
 *   the network changes      told to windows only
 */
import type { PowerMonitor } from 'electron';
import type { HostSignal } from '../../src/main/host/host.ts';

/** Says what happens, as long as the program runs. */
export function watchPower(monitor: PowerMonitor, say: (signal: HostSignal) => void): void {
  monitor.on('suspend', () => say('suspend'));
  monitor.on('resume', () => say('resume'));
  monitor.on('unlock-screen', () => say('unlocked'));
  monitor.on('shutdown', () => say('session-ends'));
}

/** Milliseconds since somebody touched the machine; where it does not know, since somebody touched our windows. */
export function idleMs(monitor: Pick<PowerMonitor, 'getSystemIdleState' | 'getSystemIdleTime'>, ownIdleMs: number): number {
  if (monitor.getSystemIdleState(1) === 'unknown') return ownIdleMs;
  return Math.min(ownIdleMs, monitor.getSystemIdleTime() * 1000);
}
