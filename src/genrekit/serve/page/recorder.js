// The microphone: a file when it is stopped. The browser asks the user first.
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

export async function startRecording(onFile) {
  // Clean-up made for speech takes the music away.
  const sound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: sound });
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
  const parts = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    for (const track of stream.getTracks()) track.stop();
    const kind = (recorder.mimeType || "audio/webm").split(";")[0];
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    onFile(new File(parts, `Recording ${time.replaceAll(":", ".")}.${kind.split("/")[1]}`, { type: kind }));
  });
  recorder.start(500);
  return () => recorder.stop();
}
