#!/bin/sh
# The whole recipe at toy size, about two minutes on two cores. Uses the python of $PYTHON, leaves nothing behind.
set -e
cd "$(dirname "$0")"
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bank="--bank $work/bank.pt --canvases 8"
$python test_reference.py
$python train_vae.py $bank --out "$work/shallow.pt" --minutes 0.2 --batch 1
$python deepen_vae.py $bank --shallow "$work/shallow.pt" --out "$work/deep.pt" --minutes 0.1 --crops 32
$python finish_vae.py $bank --vae "$work/deep.pt" --out "$work/vae.pt" --operator "$work/light.pt" \
    --minutes 0.1 --batch 1 --pictures 8 --light-steps 3
for more in "--only-light" "--only-light --resume" "--resume"; do
    $python train_unet.py $bank --vae "$work/vae.pt" --operator "$work/light.pt" --stills "$work/stills.pt" --pictures 8 \
        --fit 2 --minutes 0.1 --batch 2 --size 64 --out "$work/unet.pt" $more
done
$python checkpoint.py --vae "$work/vae.pt" --unet "$work/unet.pt" --out "$work/model"
$python checkpoint.py --vae "$work/vae.pt" --unet "$work/unet.pt" --out "$work/float32" --float32
mkdir "$work/photos"
$python -c "
import numpy, sys
from PIL import Image
from data import make_canvas
for i in range(2):
    Image.fromarray(make_canvas(numpy.random.default_rng(i)).permute(1, 2, 0).numpy()).save(sys.argv[1] + '/%d.png' % i)
" "$work/photos"
$python evaluate.py --model "$work/model" --float32 "$work/float32" --photos "$work/photos" --out "$work/out" --height 64 --width 64 \
    --steps 1 --few 1
echo "smoke test passed"
