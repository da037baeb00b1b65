;; Rows of 8-bit numbers times one vector of 16-bit numbers, sums in 32 bits. `npm run docs` makes row-products-code.ts of it.
;; Rows are `width` bytes each, one after the other; `width` is a multiple of 16. Sixteen numbers go at a time, into two sums,
;; since a processor need not wait for one to add to another.
(module
  (memory (export "memory") 0)
  (func (export "products")
    (param $row i32) (param $count i32) (param $width i32) (param $vector i32) (param $out i32)
    (local $last i32) (local $end i32) (local $at i32) (local $a v128) (local $b v128)
    (local.set $last (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $none
      (br_if $none (i32.eqz (local.get $count)))
      (loop $rows
        (local.set $at (local.get $vector))
        (local.set $end (i32.add (local.get $row) (local.get $width)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (v128.const i32x4 0 0 0 0))
        (loop $numbers
          (local.set $a (i32x4.add (local.get $a)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $row)) (v128.load (local.get $at)))))
          (local.set $b (i32x4.add (local.get $b)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $row)) (v128.load offset=16 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $row (i32.add (local.get $row) (i32.const 16)))
          (br_if $numbers (i32.lt_u (local.get $row) (local.get $end))))
        (local.set $a (i32x4.add (local.get $a) (local.get $b)))
        (local.set $a (i32x4.add (local.get $a)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $a) (local.get $a))))
        (i32.store (local.get $out)
          (i32.add (i32x4.extract_lane 0 (local.get $a)) (i32x4.extract_lane 1 (local.get $a))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br_if $rows (i32.lt_u (local.get $out) (local.get $last)))))))
