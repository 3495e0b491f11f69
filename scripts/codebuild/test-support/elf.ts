const machines = { x86: 3, x86_64: 62, arm64: 183 };

/** What an ELF file says of itself. */
export interface ElfOptions {
  readonly machine: keyof typeof machines;
  /** "loaded" is a program or a library, "object" what a compiler leaves for the linker. */
  readonly kind?: 'loaded' | 'object';
  /** Versions of libc's symbols that it needs, as GLIBC_2.34. */
  readonly versions?: readonly string[];
  /** Whatever else is in it, such as names of symbols. */
  readonly text?: string;
}

/** The bytes of an ELF file: header, text, and, when it needs versions, `.gnu.version_r` with its strings. */
export function elf({ machine, kind = 'loaded', versions = [], text = '' }: ElfOptions): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header[4] = machine === 'x86' ? 1 : 2;
  header[5] = 1;
  header.writeUInt16LE(kind === 'loaded' ? 3 : 1, 16);
  header.writeUInt16LE(machines[machine], 18);
  const body = Buffer.from(`${text}\0`);
  if (versions.length === 0) {
    return Buffer.concat([header, body]);
  }

  const strings = Buffer.from(`\0${versions.join('\0')}\0`);
  const needed = Buffer.alloc(16 + 16 * versions.length);
  needed.writeUInt16LE(1, 0);
  needed.writeUInt16LE(versions.length, 2);
  needed.writeUInt32LE(16, 8);
  for (const [index, version] of versions.entries()) {
    const at = 16 + 16 * index;
    needed.writeUInt32LE(strings.indexOf(`\0${version}\0`) + 1, at + 8);
    needed.writeUInt32LE(index + 1 < versions.length ? 16 : 0, at + 12);
  }
  const neededAt = header.length + body.length;
  const stringsAt = neededAt + needed.length;
  header.writeBigUInt64LE(BigInt(stringsAt + strings.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  return Buffer.concat([
    ...[header, body, needed, strings, section(0, 0, 0, 0)],
    ...[section(0x6ffffffe, neededAt, 2, 1), section(3, stringsAt, 0, 0)],
  ]);
}

/** A section header: type, offset, and the two numbers whose meaning depends on the type. */
function section(type: number, offset: number, link: number, info: number): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(type, 4);
  header.writeBigUInt64LE(BigInt(offset), 24);
  header.writeUInt32LE(link, 40);
  header.writeUInt32LE(info, 44);
  return header;
}
