/** Seals a text to an age recipient. Source of the format: https://age-encryption.org/v1 (age file, ASCII armor). */

/** @returns an armored age file that `age --decrypt` opens with the private half. */
export async function seal(recipient: string, text: string): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}
