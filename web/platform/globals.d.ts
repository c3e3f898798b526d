/** The Buffer that the verification finds in a browser; the build puts it in. */
import type { Buffer as BufferType } from './buffer.ts'

declare global {
  type Buffer = BufferType
  const Buffer: typeof import('./buffer.ts').Buffer
}
