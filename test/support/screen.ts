/** A virtual screen (Xvfb) for programs with windows, and what can be seen on it: all of it, menus and dialogs too. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import type { Owner } from './cleanup.ts'
import { startProgram } from './program.ts'
import { temporaryFolder } from './provider.ts'

export interface Screen {
  /** value for DISPLAY */
  readonly display: string
  /** what is on the screen now, as a PNG */
  picture(): Buffer
}

/** A screen 1280 pixels wide and 900 high, which goes with the test. Its number is chosen by the server: one that is free. */
export async function startScreen(owner: Owner): Promise<Screen> {
  const folder = temporaryFolder(owner)
  const shape = ['-screen', '0', '1280x900x24', '-fbdir', folder]
  const server = startProgram(owner, 'Xvfb', ['-displayfd', '1', ...shape, '-nolisten', 'tcp', '-noreset'])
  const number = await server.until(() => /^(\d+)\n/.exec(server.output())?.[1])
  return { display: `:${number}`, picture: () => toPng(readFileSync(join(folder, 'Xvfb_screen0'))) }
}

/** From the format that Xvfb keeps its screen in (X11/XWDFile.h): big-endian numbers, a table of colours, lines of 32-bit pixels (B, G, R, -). */
function toPng(screen: Buffer): Buffer {
  const field = (index: number): number => screen.readUInt32BE(index * 4)
  const [headerSize, width, height, bytesPerLine, colours] = [field(0), field(4), field(5), field(12), field(19)]
  const pixels = headerSize + colours * 12
  const lines = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = pixels + y * bytesPerLine + x * 4
      const to = y * (1 + width * 3) + 1 + x * 3
      lines[to] = screen[from + 2] ?? 0
      lines[to + 1] = screen[from + 1] ?? 0
      lines[to + 2] = screen[from] ?? 0
    }
  const shape = Buffer.alloc(13)
  shape.writeUInt32BE(width, 0)
  shape.writeUInt32BE(height, 4)
  // 8 bits a channel, red green blue.
  shape.set([8, 2], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', shape), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data])
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  checksum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, checksum])
}
