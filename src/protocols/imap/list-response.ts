/** LIST responses (RFC 9051 7.3.1), those too that tell a client another name than it used (OLDNAME, RFC 9051 6.3.9.7). */
import { canonicalName } from '../../mailbox/folder-names.ts'
import { listNames } from './folder-listing.ts'
import type { ListedName } from './folder-listing.ts'
import { speaksRev2, speaksUtf8 } from './session.ts'
import type { Session, UserSession } from './session.ts'
import { formatFolderName } from './strings.ts'

export interface ListData {
  readonly showSubscribed: boolean
  /** extended data (RFC 5258 4), as it stands on the wire */
  readonly extended?: string | undefined
}

export function formatListed(
  session: Pick<Session, 'enabled'>,
  { name, folder, hasChildren, subscribed }: ListedName,
  { showSubscribed, extended }: ListData,
): string {
  const attributes = [
    ...(folder ? [] : ['\\Noselect', '\\NonExistent']),
    hasChildren ? '\\HasChildren' : '\\HasNoChildren',
    ...(showSubscribed && subscribed ? ['\\Subscribed'] : []),
    ...(folder?.specialUse ? [folder.specialUse] : []),
  ]
  const data = extended === undefined ? '' : ` (${extended})`
  return `* LIST (${attributes.join(' ')}) "/" ${formatFolderName(name, speaksUtf8(session))}${data}`
}

/** Tells who speaks IMAP4rev2 of a folder that it has just selected (RFC 9051 6.3.2). */
export const tellSelected = (session: UserSession, asked: string): Promise<void> => tellListed(session, asked, asked)

/** Tells who speaks IMAP4rev2 the name that a folder has, if it is not the one that was used: characters composed otherwise (RFC 9051 5.1). */
export async function tellNormalised(session: UserSession, asked: string, used = asked): Promise<void> {
  if (isNormal(asked) && isNormal(used)) return
  await tellListed(session, asked, used)
}

/** @param asked the name of the folder now, @param used the name that the client knows it by, both as it wrote them */
async function tellListed(session: UserSession, asked: string, used: string): Promise<void> {
  if (!speaksRev2(session)) return
  const name = canonicalName(asked)
  const listed = listNames(await session.deps.store.folders(session.mailbox)).find((one) => one.name === name)
  const oldName = isNormal(asked) && isNormal(used) ? undefined : `"OLDNAME" (${formatFolderName(used, true)})`
  const shown = listed ?? { name, folder: undefined, hasChildren: false, subscribed: false }
  session.output.line(formatListed(session, shown, { showSubscribed: true, extended: oldName }))
}

const isNormal = (name: string): boolean => name === name.normalize('NFC')
