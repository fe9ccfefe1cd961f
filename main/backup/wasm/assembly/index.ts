export { prepare, search } from './chunker';
export { keyAddress, tagAddress, begin, update, finish } from './poly1305';
