/**
 * Every program imports this for what it does, a command by way of `command()`: when nobody reads any more what a program says (`npm run check | head`),
 * the program goes on without a word, and ends with the exit code that it would have ended with anyway. Node.js would end
 * it with a stack trace, half-way through its work, since it turns SIGPIPE off and nothing else hears of EPIPE.
 */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
  });
}
