import { folderCommand, noArguments, ok } from '../command.ts'

/** RFC 3501 6.4.1: all is stored already, so it is a NOOP. */
export const check = folderCommand('CHECK', noArguments, (session) => {
  session.selected.hint()
  return ok('CHECK completed')
})
