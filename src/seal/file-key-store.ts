/** Seal keys as files, NAME-key.pem (PKCS#8), in a folder: encrypted where the installation has a passphrase. */
import { generateKeyPair, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CeralaccaError, hasCode } from '../base/errors.ts'
import { syncFolder } from '../storage/durable-file.ts'
import { openFileKey } from './file-key.ts'
import { checkKeyName, keyExists, type KeyStore } from './key-store.ts'

/** PKCS#8, with AES-256 under the passphrase if there is one; made on the thread pool. */
function generate(modulusLength: number, passphrase: string | undefined): Promise<string> {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return new Promise((resolve, reject) => {
    generateKeyPair(
      'rsa',
      {
        modulusLength,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...encryption },
      },
      (error, _public, key) => {
        if (error) reject(error)
        else resolve(key)
      },
    )
  })
}

/** Writes a new file, whole and durably, for the owner alone. @throws EEXIST where there is one */
async function writeNew(folder: string, path: string, text: string): Promise<void> {
  const aside = join(folder, `.${randomUUID()}.tmp`)
  try {
    const file = await open(aside, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(aside, path)
  } finally {
    await rm(aside, { force: true })
  }
  await syncFolder(folder)
}

/** @param folder made with mode 0700 when the first key is made */
export function createFileKeyStore(folder: string, passphrase?: string): KeyStore {
  const pathOf = (name: string): string => {
    checkKeyName(name)
    return join(folder, `${name}-key.pem`)
  }
  return {
    async open(name) {
      const path = pathOf(name)
      try {
        return openFileKey(await readFile(path, 'utf8'), passphrase)
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error
        throw new CeralaccaError('seal-key-missing', 'permanent', `there is no seal key ${path}`, { cause: error })
      }
    },
    async create(name, bits) {
      const path = pathOf(name)
      const pem = await generate(bits, passphrase)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      try {
        await writeNew(folder, path, pem)
      } catch (error) {
        throw hasCode(error, 'EEXIST') ? keyExists(name) : error
      }
      return openFileKey(pem, passphrase)
    },
    close: () => Promise.resolve(),
  }
}
