"""Equations as people and models write them: none that may be right is called wrong."""

import pytest

from sublim_utils.channels.arithmetic import equations

RIGHT = r"""
She earns $12/hr × 5 hrs = $60.
Total = 5 * 3 = 15
Total: 5*3=15
Let x be the number. Then 2x + 3 = 19, 2x = 16, x = 8.
x + 3 = 19
x = 19 - 3
x = 16
Let's denote n = number of apples = 16.
Rate = 60 miles / 2 hours = 30 mph
Cost: $3.50 × 4 = $14.00
20% off $50 = $10 discount
50 - 20% = 40
50 * 0.8 = $40
50 × 20/100 = 10
50 × (1 - 0.2) = 40
(3 + 5) × 2 = 8 × 2 = 16
3/4 of 16 = 12
16 × 3/4 = 12
16 * (3/4) = 12
16 - 1/4 * 16 = 12
2/3 = 0.667
2/3 ≈ 0.67
1/3 = 33.3%
1/3 = 33.33%
1 / 8 = 12.5%
100 cents = $1
5 quarters = 125 cents
16 / 4 = 4 each
16 oz = 1 pound
3 weeks = 21 days
3 weeks * 7 days/week = 21 days
2 years * 12 months = 24 months
60 minutes/hour * 2 hours = 120 minutes
120 / 60 = 2 hours
30 minutes = 0.5 hours
45 min = 3/4 hour
8:30 + 45 minutes = 9:15
5 + 3 = 8 (since 5 plus 3 is 8)
12 eggs = 1 dozen, 3 dozen = 36 eggs
3 dozen eggs * 12 = 36 eggs
1.5 * 10^3 = 1500
1.5 × 10³ = 1,500
2^10 = 1024
√16 = 4
5! = 5 × 4 × 3 × 2 × 1 = 120
|3 - 5| = 2
Area = 5 × 3 = 15 square feet
Perimeter = 2(5 + 3) = 2 × 8 = 16
2 × (5 + 3) = 16
2[3 + 5] = 16
Average = (10 + 20 + 18) / 3 = 48 / 3 = 16
Mean: (10+20+18)/3=16
He has 20 - 4 = 16 left.
So 4 * 4 = 16. Then 16 + 4 = 20.
A: 3 + 4 = 7; B: 2 + 2 = 4
3 + 4 = 7, and 7 + 1 = 8, so 8 * 2 = 16
$20 - $4 = $16
$20-$4=$16
20 dollars - 4 dollars = 16 dollars
1st: 3 + 4 = 7
Week 1: 3 + 4 = 7
Day 1 = 3 apples
Day 1: 3, Day 2: 3 + 4 = 7
Step 1: 3 + 4 = 7. Step 2: 7 × 2 = 14.
Let A = 5 and B = 6. A + B = 11.
A = 5, B = 2A = 10
C = 2 × 5 = 10
C = πr² = 3.14 × 4 = 12.56
16 = 2 × 8
16 = 20 - 4
7 = 3 + 4 = 7
We know that 3 + 4 = 7 => 7 + 9 = 16
3 + 4 → 7
3 + 4 = 7 → 7 × 2 = 14
0.1 + 0.2 = 0.3
-3 × -4 = 12
-3 × (-4) = 12
3 − (−4) = 7
(-3)² = 9
10 ÷ 4 = 2 R2
10 ÷ 4 = 2 remainder 2
10 ÷ 4 = 2.5
10/4 = 5/2 = 2 1/2 = 2.5
7 mod 3 = 1
5 choose 2 = 10
C(5, 2) = 10
f(x) = 2x + 1 = 7
speed = distance / time = 60 / 2 = 30
half of 32 is 32 / 2 = 16
Twice as many: 2 × 8 = 16
1 + 2 + ... + 10 = 55
1 + 2 + 3 + … + 10 = 55
3, 6, 9: 3 + 3 = 6, 6 + 3 = 9
between 3 and 4 + 1 = 5
5 pm - 2 pm = 3 hours
from 2 pm to 5 pm = 3 hours
Monday: 5, Tuesday: 5 + 3 = 8, total: 5 + 8 = 13
total = 5 + 8 = 13 apples, 13 - 3 = 10
2 (apples) + 3 (pears) = 5 (fruits)
2 apples (red) + 3 apples = 5 apples
2 apples + 3 apples + 4 apples = 5 apples + 4 apples = 9 apples
3 boxes × 4 balls per box = 12 balls
3 boxes × 4 balls/box = 12 balls
4 balls each × 3 = 12
12 ÷ 3 = 4 per friend
5 × $2 + 3 × $4 = $10 + $12 = $22
5 × $2 = $10, 3 × $4 = $12, $10 + $12 = $22
1,000 − 1 = 999
1000000 / 10 = 100,000
2.50 * 2 = 5
2.5 + 2.5 = 5.00
10% of $200 = 0.10 × $200 = $20
$200 × 10% = $20
15% × 60 = 9
60 + 15% = 69
5:3 = 10:6
3 times 5 is 15 and 15 + 1 = 16
Three times 5 = 15
double 8 = 16
8 doubled = 16
8 + half = 12
8 + 8/2 = 12
one and a half hours = 90 minutes
1 and a half hours = 90 minutes
1.5 hours = 90 minutes
2 h 30 min + 45 min = 3 h 15 min
2h30 = 150 min
1 km = 1000 m
2 km + 500 m = 2.5 km
2 km + 500 m = 2500 m
5 ft 6 in = 66 in
3 + 4 = 7 apples = 7
a² + b² = c², 9 + 16 = 25
3x = 48 → x = 48/3 = 16
3x = 48 => x = 16
3x=48 x=16
x/2 = 8
x + x = 2x = 32
6 × 3 = 18 18 - 2 = 16
so: 6×3=18,18-2=16
6×3=18;18−2=16
(6)(3) = 18
6*3 = 18.0
6 * 3 = 18 rolls - 2 rolls = 16 rolls
1 3/4 + 1/4 = 2
5-2=3
5 -2 = 3
5 - 2=3
$1.25 + 75¢ = $2
75¢ + $1.25 = $2.00
4 x 4 = 16
4X4=16
4 * x = 16, x = 4
We get 16 = 16
16=16
16 + 0 = 16 ✓.
~16 + 4 = 20
a 20% tip on $50 = $10
The sum of 3 and 5 = 8
The product of 4 and 4 = 16
The difference between 20 and 4 = 16
3 apples and 5 oranges = 8 fruits
3 and 5 = 8
5 less 3 = 2
20 is 4 more than 16 = 20 - 4
12 + 4 = 16 = 4²
4² = 16
4 ^ 2 = 16
4**2 = 16
2 * 3 + 4 * 5 = 6 + 20 = 26
\( 2 \times 3 + 4 \times 5 = 6 + 20 = 26 \)
\frac{1}{2} \times 32 = 16
\dfrac{32}{2} = 16
$$\frac{32}{2} = 16$$
$\frac{3}{4} \cdot 16 = 12$
\[ x = \frac{32}{2} = 16 \]
\text{Total} = 8 + 8 = 16
\$8 + \$8 = \$16
8 \text{ apples} + 8 \text{ apples} = 16 \text{ apples}
25\% \text{ of } 64 = 16
3\tfrac{1}{2} \times 2 = 7
\sqrt{16} = 4
\left( 3 + 5 \right) \times 2 = 16
2^{4} = 16
8 + 8 \approx 16
\mathbf{8 + 8 = 16}
\boxed{8 + 8 = 16}
"""
"""Lines in which nothing is wrong, of kinds that people and models write."""
WRONG = r"""
-4 + 20 = 17
5 - 2 = 4
2(5 + 3) = 2 × 8 = 17
$3.50 × 4 = $15.00
20% of 50 = 12
50 × 20/100 = 11
10 ÷ 4 = 2.6
1/3 = 0.4
He has 20 - 4 = 15 left.
Total = 5 * 3 = 16
5 × $2 = $11, 3 × $4 = $12
3/4 of 16 = 13
16 * (3/4) = 13
6 × 3 = 18 rolls - 2 rolls = 17 rolls
1 hour + 15 minutes = 85 minutes
2 dozen + 3 = 28
2 dozen eggs - 5 eggs = 18 eggs
\frac{32}{2} = 17
$\frac{3}{4} \cdot 16 = 13$
\(6 \times 3 = 19\)
3 ½ + ½ = 5
3 1/2 + 1/2 = 5
3x = 48 → x = 48/3 = 17
C = 2 × 5 = 11
10 / 3 = 3.4
10 / 3 = 3.5
22 / 7 = 3.15
3² + 4² = 24
2 ** 4 = 15
10 ÷ 4 = 2 remainder 3
1,200 + 300 = 1,600
8 + 9 = 16
8 plus 9 equals 16
100 / 3 ≈ 35
50 cents + 75 cents = $1.50
-3 × -4 = -12
8+8 = 17.
8 + 8 = 15 + 2 = 17
3 feet + 6 inches = 40 inches
(2)(8) = 17
2 · 8 = 17
2⋅8 = 17
0.1 + 0.2 = 0.4
First 8 + 8 = 17
1. 8 + 8 = 17
she sold 48/2 = 23 clips in May
Natalia sold 48+24 = <<48+24=73>>73 clips
"""


@pytest.mark.parametrize("line", RIGHT.strip().splitlines())
def test_nothing_right_or_unsure_is_called_wrong(line: str) -> None:
    assert all(equations(line))


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_what_is_surely_wrong_is_called_wrong(line: str) -> None:
    assert not all(equations(line))


def test_most_of_the_right_lines_are_read() -> None:
    read = sum(bool(equations(line)) for line in RIGHT.strip().splitlines())
    assert read > 110  # or that none is called wrong would say little
