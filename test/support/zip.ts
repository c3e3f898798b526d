/** ZIP files for tests, of entries that are stored or deflated (APPNOTE 4.3). */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly bytes: Buffer
  /** default: stored */
  readonly deflated?: boolean
  /** sets the bit of encrypted entries; the bytes stay as they are */
  readonly encrypted?: boolean
}

export function zipOf(...entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const data = entry.deflated === true ? deflateRawSync(entry.bytes) : entry.bytes
    const facts = factsOf(entry, name, data)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, name, data])
    parts.push(local)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, place, name]))
    offset += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}

/** What both headers of an entry hold: from the version needed to the length of the extra field. */
function factsOf({ bytes, deflated, encrypted }: ZipEntry, name: Buffer, data: Buffer): Buffer {
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(20, 0)
  // Names are UTF-8.
  facts.writeUInt16LE(0x800 | (encrypted === true ? 1 : 0), 2)
  facts.writeUInt16LE(deflated === true ? 8 : 0, 4)
  facts.writeUInt32LE(crc32(bytes), 10)
  facts.writeUInt32LE(data.length, 14)
  facts.writeUInt32LE(bytes.length, 18)
  facts.writeUInt16LE(name.length, 22)
  return facts
}
