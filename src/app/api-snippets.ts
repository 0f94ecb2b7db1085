/** The example of VoltageGPU's page, with this host and key. */
export const generationSnippet = (origin: string, key: string) => `curl -X POST ${origin}/v1/video/generations \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${key}" \\
  -d '{
    "model": "stabilityai/stable-video-diffusion-img2vid-xt-1-1",
    "prompt": "A cat sitting on a windowsill watching rain fall outside, gentle motion",
    "num_frames": 25,
    "fps": 8,
    "width": 1024,
    "height": 576
  }'`;

/** Start and poll, as Stability AI documents it; the picture is 1024x576, 576x1024 or 768x768. */
export const stabilitySnippet = (origin: string, key: string) => `curl ${origin}/v2beta/image-to-video \\
  -H "Authorization: Bearer ${key}" \\
  -F image=@picture.png \\
  -F motion_bucket_id=127

curl ${origin}/v2beta/image-to-video/result/ID \\
  -H "Authorization: Bearer ${key}" \\
  -H "Accept: video/*" \\
  -o clip.mp4`;
