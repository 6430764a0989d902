"""Areas of interest: their files, masks, and shares of attention."""
from keras_saliency.areas.masks import area_masks
from keras_saliency.areas.shares import AttentionShare, attention_share

__all__ = ["AttentionShare", "area_masks", "attention_share"]
