import { folderCommand, noArguments, ok } from '../command.ts'
import { unselect as leaveFolder } from '../session.ts'

/** RFC 3691 */
export const unselect = folderCommand('UNSELECT', noArguments, (session) => {
  leaveFolder(session)
  return ok('UNSELECT completed')
})
