import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A disk of its own for a data directory, which can be full. It is there only for the process that runs on it. */
export interface SmallDisk {
  /** For `startServer`: mounts the disk where the data directory is, then becomes the server. */
  readonly under: readonly string[];
  /** Leaves not a byte. */
  fill(pid: number): void;
  free(pid: number): void;
}

const MOUNT = 'mount -t tmpfs -o "size=$0" tmpfs "$1" && shift && exec "$@"';
const READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
const APART = ['unshare', '--user', '--map-root-user', '--mount'];
const FILLER = 'filler';

/** Whether this machine lets somebody have disks of their own; where it does not, what needs one cannot be tested. */
export const hasDisks: boolean =
  spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

export function smallDisk(dataDir: string, megabytes: number): SmallDisk {
  // Nobody else sees the disk; the kernel shows it as the process does.
  const filler = (pid: number) => join('/proc', String(pid), 'root', dataDir, FILLER);
  return {
    under: [...APART, '/bin/sh', '-c', MOUNT, `${megabytes}m`, dataDir],
    fill(pid) {
      // Ever smaller pieces, until the last byte is gone.
      for (const size of [65_536, 4_096, 1]) {
        try {
          for (;;) writeFileSync(filler(pid), Buffer.alloc(size), { flag: 'a' });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    },
    free: (pid) => rmSync(filler(pid)),
  };
}

/** For `startServer`: the folder can be read and not written. */
export const readOnly = (folder: string): readonly string[] => [...APART, '/bin/sh', '-c', READ_ONLY, folder];
